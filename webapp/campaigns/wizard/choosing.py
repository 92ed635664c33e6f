"""What a campaign may be made of: accounts, lists with their size, tags and saved filters."""

from dataclasses import dataclass

from sqlalchemy import func, select

from webapp import words
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account
from webapp.contacts import counting, saved_filters, views
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.contacts.models import ContactTag
from webapp.extensions import db
from webapp.settings.models import Tag

IMPORTS_READ = 100


@dataclass(frozen=True, slots=True)
class Source:
    """One row to choose from; `count` is as last counted, None where nobody counted yet."""

    id: int
    name: str
    count: int | None
    about: str = ""


def accounts():
    """Accounts whose provider carries campaigns, by name."""
    rows = select(Account).where(Account.archived_at.is_(None)).order_by(Account.name, Account.id)
    return [one for one in db.session.scalars(rows) if provider_of(one).can.campaigns]


def lists(user):
    counts = counting.known(user).value or counting.counted(user)
    files = _last_files()
    return [
        Source(one.id, one.name, counts.get(str(one.id), 0), files.get(one.id, ""))
        for one in views.lists_of(user)
    ]


def tags():
    many = func.count(ContactTag.contact_id)
    rows = (
        select(Tag.id, Tag.name, many)
        .outerjoin(ContactTag, ContactTag.tag_id == Tag.id)
        .group_by(Tag.id)
        .order_by(func.lower(Tag.name))
    )
    return [Source(*row) for row in db.session.execute(rows)]


def filters(user):
    return [Source(one.id, one.name, None) for one in saved_filters.within(views.lists_of(user))]


def _last_files():
    """{list id: from which file it was last filled, and when}"""
    done = select(ContactImport).where(ContactImport.state == ImportState.DONE)
    latest_last = db.session.scalars(done.order_by(ContactImport.id.desc()).limit(IMPORTS_READ))
    return {
        list_id: f"updated {words.moment(one.finished_at)} from {one.filename}"
        for one in reversed(latest_last.all())
        for list_id in one.mapping.get("list_ids", ())
        if one.finished_at
    }
