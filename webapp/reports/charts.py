"""What the browser draws of a report by day: the same numbers as in its table."""

from datetime import UTC, datetime, time

TONES = ("--accent", "--violet-solid", "--bad-solid")
FEWEST_DAYS = 2


def of(report, rows):
    """{days: seconds since 1970, series: [{label, tone, values}]}; None where nothing is drawn."""
    if not report.chart or len(rows) < FEWEST_DAYS:
        return None
    labels = {column.name: column.label for column in report.columns}
    return {
        "days": [_second(row["day"]) for row in rows],
        "series": [
            {"label": labels[name], "tone": tone, "values": [row[name] for row in rows]}
            for name, tone in zip(report.chart, TONES, strict=True)
        ],
    }


def _second(day):
    """A date is drawn as it is written, whatever zone the browser is in."""
    return int(datetime.combine(day, time.min, UTC).timestamp())
