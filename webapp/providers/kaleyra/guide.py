"""What to do in Kaleyra's console so that a number's messages arrive here, in order."""

INCOMING = (
    '{"from":"<from>","wanumber":"<wanumber>","type":"<type>","created_at":"<created_at>",'
    '"media_url":"<media_url>","mime_type":"<mime_type>","reply_to":"<reply_to>",'
    '"name":"<name>","payload":"<payload>","body":"<body>","message":"<message>"}'
)
OUTGOING = (
    '{"id":"<id>","mobile":"<mobile>","status":"<status>","timestamp":"<timestamp>",'
    '"phone_number":"<phone_number>","ref":"<ref>","ref1":"<ref1>","ref2":"<ref2>",'
    '"error_code":"<error_code>","error":"<error>"}'
)
TEMPLATES = (
    '{"id":"<id>","time":"<time>","event":"<event>",'
    '"message_template_id":"<message_template_id>",'
    '"message_template_name":"<message_template_name>",'
    '"message_template_language":"<message_template_language>","reason":"<reason>"}'
)

# Shown texts are filled in with format(): their own braces are doubled.
_SHOWN = {
    name: text.replace("{", "{{").replace("}", "}}")
    for name, text in (("incoming", INCOMING), ("outgoing", OUTGOING), ("templates", TEMPLATES))
}

GUIDE = (
    "In Kaleyra's console open **Profile, API keys** and copy the SID and the API key into this "
    "account. The end of the SID tells the region: IN is India, EU is Europe, US is North America.",
    "Choose the API version. **V1** works for every account. Choose **V2** only if Kaleyra has "
    "moved your WhatsApp Business Account to it; V2 needs the WABA ID and also sends stickers, "
    "reactions and quotes.",
    "Open **Profile menu, Callback Profiles, Add New** for incoming messages: channel API "
    "**whatsapp - WhatsApp Callbacks**, method **POST**, endpoint `{webhook_url}`. Under "
    f"**Dynamic Variables** paste this text, in this order: `{_SHOWN['incoming']}`",
    "If this account has a callback secret, add the custom header `X-Webhook-Token` with that "
    "secret to each callback profile. Kaleyra signs nothing: the secret part of the address, and "
    "this header, are all that proves a call. Keep the address to yourself.",
    "Open **Channels, WhatsApp, Manage, Configurations, Numbers, Edit** and choose that profile "
    "for incoming messages. Without a profile, and without a callback secret, paste "
    "`{webhook_url}` as the **Incoming URL**: Kaleyra then calls it by GET.",
    "Receipts need nothing with V1: each message names the address for its own. With V2, or if "
    "you prefer a profile, add a second one for outgoing messages, method **POST**, endpoint "
    "`{webhook_url}`, and enter its profile ID in this account. For V1 paste there: "
    f"`{_SHOWN['outgoing']}`",
    "To hear at once when a template is approved or paused, add a third profile, method **POST**, "
    f"endpoint `{{webhook_url}}`, with `{_SHOWN['templates']}`, and give its profile ID to "
    "Kaleyra's operations team.",
    "Press **Test connection** here, then write a WhatsApp message to the number: it appears in "
    "the inbox within seconds.",
)
