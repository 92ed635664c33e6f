"""What to do at Twilio so that a number's messages arrive here, in order."""

GUIDE = (
    "Open the Twilio Console at console.twilio.com. On its first page, under **Account Info**, "
    "copy the **Account SID** and the **Auth Token** into this form. It has to be the Auth Token, "
    "not an API key: Twilio signs what it sends with it. A subaccount has a SID and token of its "
    "own.",
    "Under **Messaging, Senders, WhatsApp senders** choose the sender with this number. Its number "
    "must stand in this form as well.",
    "In the sender's **Endpoint configuration** choose the webhook, not a Messaging Service, paste "
    "`{webhook_url}` into **Webhook URL for incoming messages**, with all that stands behind the "
    "`#`, and leave the method at **HTTP Post**. The end makes Twilio repeat a message that did "
    "not get through.",
    "Leave the **Status callback URL** empty, or paste the same address: each message we send "
    "names this server by itself. Press **Update WhatsApp Sender**.",
    "If the sender belongs to a Messaging Service, open **Messaging, Services**, that service, "
    "**Integration**, and choose **Defer to sender's webhook**.",
    "Press **Test connection** here, then send a WhatsApp message to the number. If nothing "
    "arrives, **Monitor, Logs, Errors** in the Twilio Console says why (11200: this server could "
    "not be reached).",
)
