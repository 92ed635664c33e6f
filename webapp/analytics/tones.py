"""How a figure stands beside its limit or target: in order, at risk, bad."""

CLOSE = 0.8  # of a limit, from which it is at risk
AT_RISK = 10  # percentage points below the target that are a warning, not yet bad
ALL = ("ok", "warn", "bad")


def over(value, limit):
    """Bad above the limit, a warning close below it."""
    if not value or not limit:
        return "ok"
    return "bad" if value > limit else "warn" if value > CLOSE * limit else "ok"


def below(value, target):
    if value is None or value >= target:
        return "ok"
    return "warn" if value >= target - AT_RISK else "bad"


def worst(*tones):
    return max(tones, key=ALL.index)
