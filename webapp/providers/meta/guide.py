"""What to do at Meta so that a number's messages arrive here, in order."""

GUIDE = (
    "Open your app at developers.facebook.com and choose **WhatsApp, Configuration**. Make sure "
    "the app is set to **Live**: in development it gets test events only.",
    "Under **Webhook** press **Edit**, paste the callback URL `{webhook_url}` and the verify token "
    "`{verify_token}`, and press **Verify and save**. Meta calls this server once; it must be "
    "reachable by https with a public certificate.",
    "Under **Webhook fields** subscribe to `messages`. That carries messages, receipts and errors: "
    "without it nothing arrives.",
    "Subscribe to these as well: `message_template_status_update`, "
    "`message_template_quality_update`, `template_category_update`, "
    "`message_template_components_update`, `phone_number_quality_update`, "
    "`phone_number_name_update`, `account_update`, `account_alerts`, `account_review_update`, "
    "`business_capability_update`, `user_preferences`, `security`.",
    "In Business settings, under **System users**, make a token that does not expire, with "
    "`whatsapp_business_messaging` and `whatsapp_business_management`, and save it here as the "
    "access token.",
    "Subscribe the app to the WhatsApp account once: `POST /WABA-ID/subscribed_apps` with that "
    "token and the WhatsApp Business Account ID.",
    "Press **Test connection** here, then write to the number from a phone: “Last event received” "
    "moves at once.",
)
