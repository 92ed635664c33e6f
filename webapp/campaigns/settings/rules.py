"""What admins decide for all campaigns, kept as the setting "campaigns".

`second_person_above`: more contacts than this need a second person; None: no campaign does.
`marketing_most` marketing messages in `marketing_days` days reach a contact; None: no cap.
`headroom_percent` of an account's throughput is left to agents. `kaleyra_pace`: messages a second
that one Kaleyra account carries; its API tells no figure.
"""

from dataclasses import asdict, dataclass, fields

from sqlalchemy import select

from webapp.database import lock
from webapp.extensions import db
from webapp.settings import values
from webapp.settings.models import Setting

NAME = "campaigns"


@dataclass(frozen=True, slots=True)
class Rules:
    second_person_above: int | None = 2000
    marketing_most: int | None = None
    marketing_days: int = 7
    headroom_percent: int = 10
    kaleyra_pace: int = 20


def rules():
    """The rules in force; what was never decided stands as it is above."""
    kept = values.get(NAME, {})
    return Rules(**{one.name: kept[one.name] for one in fields(Rules) if one.name in kept})


def hold():
    """Whoever counts what all campaigns do comes after those who count at this moment."""
    db.session.scalar(lock(select(Setting.name).where(Setting.name == NAME)))


def change(wanted, by):
    values.put(NAME, asdict(wanted), by)
