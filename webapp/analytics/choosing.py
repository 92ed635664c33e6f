"""What a viewer has chosen to see: kept in the address, so that it can be sent to a colleague."""

from typing import NamedTuple

from webapp.columns import id_of

PERIODS = {"recent": "Last 30 min", "today": "Today"}
SHOWN = {
    "waiting": "Waiting",
    "slow": "Slow reply",
    "unmanaged": "Nobody serves",
    "open": "All open",
}
TABS = {
    "overview": "Overview",
    "queues": "Queues",
    "agents": "Agents",
    "conversations": "Conversations",
    "accounts": "Accounts",
    "campaigns": "Campaigns",
}


class Choice(NamedTuple):
    """Ids, or None for all; which period, which conversations, and which table.

    `led`: the queues that whoever looks may see, None for all; of who looks, never of the address.
    """

    queue: int | None = None
    account: int | None = None
    team: int | None = None
    period: str = "recent"
    show: str = "waiting"
    tab: str = "overview"
    led: tuple | None = None

    def address(self, **changes):
        """The parameters of the page that shows this, without what goes by itself."""
        values = self._replace(**changes, led=None)._asdict()
        return {name: value for name, value in values.items() if value != DEFAULT._asdict()[name]}

    @property
    def is_narrowed(self):
        return any((self.queue, self.account, self.team))


DEFAULT = Choice()


def read(arguments, led=None):
    """From an address; what it does not say, or says wrongly, is as it goes by itself."""
    ids = {name: id_of(arguments.get(name) or "") for name in ("queue", "account", "team")}
    period, show, tab = (arguments.get(name) for name in ("period", "show", "tab"))
    return Choice(
        **ids,
        period=period if period in PERIODS else DEFAULT.period,
        show=show if show in SHOWN else DEFAULT.show,
        tab=tab if tab in TABS else DEFAULT.tab,
        led=led,
    )
