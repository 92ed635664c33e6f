"""What a provider charges a message as, where its receipts say so."""

FREE = "free"
LONGEST = 30


def charged_as(detail):
    """“marketing”, “utility”, “authentication”, “service” …; FREE for what costs nothing; None
    where the provider does not say. `detail`: what a receipt is kept with.

    Meta tells it with “sent” and with one of “delivered” and “read”. `type` counts: `billable` is
    to go, and only older receipts say nothing else.
    developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
    """
    told = (detail or {}).get("billing") or {}
    category = str(told.get("category") or "").lower().replace("-", "_")[:LONGEST]
    if not category:
        return None
    kind = str(told.get("type") or "").lower()
    is_free = kind.startswith("free") if kind else told.get("billable") is False
    return FREE if is_free else category
