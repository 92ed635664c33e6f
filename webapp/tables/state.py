"""What somebody looks at in a list: all of it stands in the URL, so a link shows the same."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class State:
    search: str = ""
    filters: dict = field(default_factory=dict)  # name → value
    sort: str = ""
    descending: bool = False
    after: str = ""  # cursors of the rows this page begins behind, or ends before
    before: str = ""

    @property
    def is_narrowed(self):
        return bool(self.search or self.filters)

    def arguments(self, table, **changes):
        """The URL's arguments for the same view with something changed, on its first page."""
        sort = changes.pop("sort", ("-" if self.descending else "") + self.sort)
        cursors = {name: changes.pop(name, "") for name in ("after", "before")}
        wanted = {"q": self.search, **self.filters, **changes, **cursors}
        if sort != table.sort:
            wanted["sort"] = sort
        return {name: value for name, value in wanted.items() if value}

    def query(self, table, **changes):
        return urlencode(self.arguments(table, **changes))


def state_of(table, arguments):
    """Read a view from a URL's arguments (any mapping); what means nothing is left out."""
    filters = {one.name: arguments.get(one.name, "").strip() for one in table.filters}
    sort = arguments.get("sort", "") or table.sort
    column = table.column(sort.removeprefix("-"))
    if column is None or column.sort is None:
        sort = table.sort
    return State(
        search=arguments.get("q", "").strip()[:LONGEST_SEARCH] if table.search else "",
        filters={name: value for name, value in filters.items() if value},
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        after=arguments.get("after", ""),
        before=arguments.get("before", ""),
    )
