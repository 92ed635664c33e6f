"""The page of costs: sums in four views above the rows that the files have; the overview's tile."""

from webapp import pages
from webapp.reports import costs, spec
from webapp.reports.overview import Tile
from webapp.reports.routes import asked, bp, page
from webapp.staff import access

MOST_ROWS = 200
LABEL = "Cost, estimated"


@bp.get("/costs", endpoint="costs")
@access.needs(*access.LEADERS)
def show_costs():
    choice, now = asked()
    found = costs.rows(choice, now)
    return page(
        "reports/costs.html",
        choice,
        report=costs.REPORT,
        rows=found[:MOST_ROWS],
        hidden=max(0, len(found) - MOST_ROWS),
        summary=costs.Summary(found),
        money=lambda value: spec.shown(spec.Kind.MONEY, value),
    )


@bp.get("/costs/tiles")
@access.needs(*access.LEADERS)
def cost_tiles():
    """Fetched by the overview, which need not wait for it: a tile for each currency."""
    choice, _ = asked()
    (totals, delivered), (before, _) = costs.totals(choice), costs.totals(choice.before)
    return pages.render(
        "reports/_cost_tiles.html",
        choice=choice,
        tiles=[
            (currency, Tile(LABEL, spec.Kind.MONEY, cost, before.get(currency, 0), 0))
            for currency, cost in totals.items()
        ],
        nothing=Tile(LABEL, spec.Kind.MONEY, None, None, 0),
        delivered=delivered,
        shown=spec.shown,
        duration=spec.duration,
    )
