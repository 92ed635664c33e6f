"""Which of a campaign's messages a contact gets: always the same one, in Python and in SQL alike.

The campaign's token and the contact's id decide, so that loading again, extending the campaign or
looking at a preview gives the same. A person's part in one campaign tells nothing of the next.
"""

from sqlalchemy import case, cast, literal, null

from webapp.columns import BigId

# A prime below 2**31: a product of two remainders fits a database's number.
_PRIME = 2**31 - 1
_PLACES = 10_000


def place_of(token, contact_id):
    """One of 10,000 places in the campaign, for a contact's id or for its column."""
    factor, start = _key(token)
    mixed = (contact_id % _PRIME * factor + start) % _PRIME
    return mixed * mixed % _PRIME % _PLACES


def variant_of(campaign, contact_id):
    """The CampaignVariant this contact gets; None where the campaign has none."""
    place = place_of(campaign.token, contact_id)
    for variant, end in _ends(campaign.variants):
        if place < end:
            return variant
    return campaign.variants[-1] if campaign.variants else None


def variant_id(campaign, contact_id):
    """The same as an expression: the variant's id for a contact's id."""
    if not campaign.variants:
        return cast(null(), BigId)
    last = campaign.variants[-1].id
    if len(campaign.variants) == 1:
        return literal(last, BigId)
    place = place_of(campaign.token, contact_id)
    ends = _ends(campaign.variants[:-1])
    return case(*((place < end, variant.id) for variant, end in ends), else_=last)


def _key(token):
    number = int(token, 16)
    return 1 + (number >> 32) % (_PRIME - 1), number % _PRIME


def _ends(variants):
    """(variant, the place before which it ends), by what their percentages add up to."""
    total = 0
    for variant in variants:
        total += variant.percent * _PLACES // 100
        yield variant, total
