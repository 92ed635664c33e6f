"""What to do at Sinch so that a number's messages arrive here, in order."""

from .checking import TRIGGERS

GUIDE = (
    "Open the Sinch dashboard (dashboard.sinch.com) and choose the **project** of this business. "
    "Its number must be there as an approved sender, under **WhatsApp**.",
    "Under **Conversation API, Apps** make an **app**, or open it. The region is chosen by the "
    "number and can't be changed later: **EU** for European numbers, **US** for American ones. An "
    "app has one WhatsApp number, and a number belongs to one app only.",
    "Set the app's **processing mode** to **Conversation**. With Dispatch, replies and names fail.",
    "Add the channel **WhatsApp** to the app and choose the approved sender.",
    "Copy to the fields here: **project ID** (Settings, Projects), **app ID** (on the app's page), "
    "and the **region**. Under **Access keys** make a key; its secret is shown only once.",
    "Think of a **webhook secret**: long and random, letters and digits. Save it here.",
    "In the app, under **Webhooks**, press **Add webhook**: target type **HTTP**, target URL "
    "`{webhook_url}`, the same secret, and the triggers "
    + ", ".join(f"`{trigger}`" for trigger in TRIGGERS)
    + ". Leave OAuth empty.",
    "Press **Test connection** here: it asks Sinch about each of these steps.",
)
