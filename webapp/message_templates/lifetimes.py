"""How long WhatsApp goes on trying to deliver a template: what there is to choose from.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live
"""

LONGEST = -1  # 30 days, for those that may otherwise have hours only
CHOICES = {
    30: "30 seconds",
    60: "1 minute",
    300: "5 minutes",
    900: "15 minutes",
    3_600: "1 hour",
    21_600: "6 hours",
    43_200: "12 hours",
    86_400: "1 day",
    259_200: "3 days",
    604_800: "7 days",
    2_592_000: "30 days",
}


def choices(rules, content):
    """[(seconds, words)]; none where the provider has no such setting for the category."""
    bounds = rules.ttl.get(content.category)
    if not bounds:
        return []
    least, most = bounds
    found = [(seconds, words) for seconds, words in CHOICES.items() if least <= seconds <= most]
    if content.category in rules.unlimited:
        found.append((LONGEST, "30 days"))
    if content.ttl is not None and content.ttl not in dict(found):
        found.insert(0, (content.ttl, f"{content.ttl:,} seconds"))
    return found


def fitting(content, rules):
    """The time that was chosen, unless another category was: its bounds are others."""
    if content.ttl is None or (content.ttl == LONGEST and content.category in rules.unlimited):
        return content.ttl
    least, most = rules.ttl.get(content.category, (0, -1))
    return content.ttl if least <= content.ttl <= most else None
