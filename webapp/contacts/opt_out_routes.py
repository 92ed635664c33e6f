"""The words customers stop marketing with; linked from the settings."""

from flask import Blueprint, flash, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length

from webapp import pages
from webapp.contacts import opting_out, stop_words
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

bp = Blueprint("opt_out", __name__, url_prefix="/settings/opt-out")

LONGEST = 4000
REPLY = Length(max=opting_out.LONGEST_REPLY, message="An answer may have 1,024 characters.")
LIST = Length(max=LONGEST, message="The list may have 4,000 characters.")


class OptOutForm(FlaskForm):
    stop = TextAreaField("Words that stop marketing", [LIST], description="One on each line.")
    start = TextAreaField("Words that allow it again", [LIST], description="One on each line.")
    stop_reply = TextAreaField("Answer to a stop", [REPLY])
    start_reply = TextAreaField("Answer to a start", [REPLY])

    def words(self):
        return opting_out.Words(
            stop=_lines(self.stop.data),
            start=_lines(self.start.data),
            stop_reply=(self.stop_reply.data or "").strip(),
            start_reply=(self.start_reply.data or "").strip(),
        )


@bp.route("", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def edit():
    form = OptOutForm(data=_typed(opting_out.words()))
    if request.method == "GET":
        return pages.render("contacts/opt_out.html", form=form)
    if not form.validate():
        return pages.render("contacts/opt_out.html", form=form, status=422)
    try:
        with unit_of_work():
            opting_out.save(form.words(), db.session.get(User, current_user.id))
    except ValueError as refused:
        form.stop.errors = [*form.stop.errors, str(refused)]
        return pages.render("contacts/opt_out.html", form=form, status=422)
    flash("Changes saved.")
    return pages.see_other(url_for(".edit"))


@bp.post("/default")
@access.needs(Role.ADMIN)
def restore():
    """The words Parley came with; the answers stay."""
    held, default = opting_out.words(), stop_words.default_words()
    restored = opting_out.Words(
        tuple(default["stop"]), tuple(default["start"]), held.stop_reply, held.start_reply
    )
    with unit_of_work():
        opting_out.save(restored, db.session.get(User, current_user.id))
    flash("The words are the usual ones again.")
    return pages.see_other(url_for(".edit"))


def _typed(held):
    return {
        "stop": "\n".join(held.stop),
        "start": "\n".join(held.start),
        "stop_reply": held.stop_reply,
        "start_reply": held.start_reply,
    }


def _lines(text):
    words = (" ".join(line.split())[: stop_words.LONGEST] for line in (text or "").splitlines())
    return tuple(dict.fromkeys(word for word in words if stop_words.plain(word)))
