"""Tags and lists that a file names: those there are, and those a run makes."""

from sqlalchemy import func, select

from webapp.contacts.models import ContactList
from webapp.database import insert
from webapp.extensions import db
from webapp.settings.models import Tag

MOST_NEW = 200  # of each: a column full of them is no column of tags


class TooManyNew(ValueError):
    pass


class Names:
    """Ids by name, whatever its capitals; `make` adds what is missing."""

    def __init__(self, model, made=0):
        self._model = model
        self.made = made
        self._ids = {
            name.casefold(): id for id, name in db.session.execute(select(model.id, model.name))
        }

    def check(self, names):
        """Whether there is room for these; TooManyNew says so in a sentence."""
        new = [name for name in names if name.casefold() not in self._ids]
        if self.made + len(new) > MOST_NEW:
            what = "tags" if self._model is Tag else "lists"
            raise TooManyNew(f"more than {MOST_NEW} new {what} in one file.")
        for name in new:
            self._ids[name.casefold()] = None
        self.made += len(new)

    def ids(self, names):
        return [self._id(name) for name in names]

    def _id(self, name):
        id = self._ids.get(name.casefold())
        if id is None:
            db.session.execute(
                insert(self._model.__table__).on_conflict_do_nothing(),
                {"name": name, **({"color": "grey"} if self._model is Tag else {})},
            )
            same = func.lower(self._model.name) == name.lower()
            found = select(self._model.id).where(same | (self._model.name == name))
            id = self._ids[name.casefold()] = db.session.scalar(found.order_by(self._model.id))
        return id


def tags(made=0):
    return Names(Tag, made)


def lists(made=0):
    return Names(ContactList, made)
