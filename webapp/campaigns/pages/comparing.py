"""Compares a campaign's messages: which one is answered more, and how sure that is.

The interval is Wilson's, at 95%: it holds for small numbers and for shares near 0 too.
E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
"""

import math
from dataclasses import dataclass

from webapp.campaigns import figures
from webapp.campaigns.figures import Figures

Z = 1.959964  # of 95%


@dataclass(frozen=True, slots=True)
class Compared:
    """One message: `low` to `high` is where its share of replies lies, in 95 of 100 cases."""

    letter: str
    variant: object
    figures: Figures
    low: float
    high: float

    @property
    def share(self):
        """Of those it was delivered to: who has not read it was not persuaded either."""
        return figures.share(self.figures.replied, self.figures.delivered)


def of(campaign):
    """Its messages in their order; empty where there is only one."""
    if len(campaign.variants) < 2:
        return []
    counted = figures.by_variant(campaign)
    return [
        _compared(position, variant, counted.get(variant.id, Figures()))
        for position, variant in enumerate(campaign.variants)
    ]


def winner(compared):
    """The one whose whole interval lies above all others; None where none does."""
    best = max(compared, key=lambda one: one.low, default=None)
    others = [one for one in compared if one is not best]
    if best is None or not best.figures.delivered:
        return None
    return best if all(best.low > other.high for other in others) else None


def wilson(part, whole):
    """(low, high) of a share; all of 0 to 1 where nothing was counted."""
    if not whole:
        return 0.0, 1.0
    share = min(part / whole, 1)
    middle = share + Z * Z / (2 * whole)
    spread = Z * math.sqrt(share * (1 - share) / whole + Z * Z / (4 * whole * whole))
    scale = 1 + Z * Z / whole
    return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)


def _compared(position, variant, counted):
    low, high = wilson(counted.replied, counted.delivered)
    return Compared("ABCD"[position], variant, counted, low, high)
