"""Pages of the inbox: the list, a conversation, what is written in it, and its files."""

import json

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from webapp import pages
from webapp.extensions import db
from webapp.inbox import (
    closing,
    contact_facts,
    drafts,
    listing,
    presenting,
    reading,
    sending,
    thread,
    views,
    wrapping_up,
)
from webapp.inbox.forms import DraftForm, MessageForm
from webapp.inbox.models import Interaction, Message
from webapp.staff import access
from webapp.unit_of_work import unit_of_work

bp = Blueprint("inbox", __name__)

MOST_ROWS = 20

# Every part of a conversation's page asks for these: one query instead of three.
BOTH_ENDS = (joinedload(Interaction.account), joinedload(Interaction.contact))
bp.record_once(lambda state: presenting.init_app(state.app))


@bp.app_context_processor
def menu_figures():
    return {"inbox_unread": lambda: listing.unread_count(current_user)}


@bp.get("/")
@access.needs()
def index():
    pane = _list()
    return pages.render("inbox/inbox.html", **pane, **views.first_day(current_user, pane))


@bp.get("/inbox/unread")
@access.needs()
def unread():
    return pages.render("inbox/_unread.html")


@bp.get("/inbox/list")
@access.needs()
def interaction_list():
    """The list again; with `rows`, these alone if none of them has moved; or, with `section` and
    `after`, the next rows of one of its sections."""
    if "after" in request.args:
        section, after = request.args.get("section"), request.args["after"]
        rows = views.more_rows(current_user, _show(), section, after)
        return pages.render("inbox/_rows.html", **rows) if rows else abort(404)
    open_id = request.args.get("open", type=int)
    again = views.rows_again(current_user, _show(), _places(), open_id) if _places() else None
    if again:
        answer = pages.render("inbox/_rows_again.html", **again)
        answer.headers["HX-Reswap"] = "none"  # the rows find their places themselves
        return answer
    pane = _list(open_id, ringing=False)
    return pages.render("inbox/_list_again.html", **pane)


@bp.get("/inbox/<int:id>")
@access.needs()
def interaction(id):
    shown = visible(id)
    conversation = views.conversation(shown, current_user)
    if pages.is_partial():
        return pages.render("inbox/_conversation.html", show=_show(), **conversation)
    return pages.render("inbox/inbox.html", **_list(shown.id), **conversation)


@bp.get("/inbox/<int:id>/thread", endpoint="thread")
@access.needs()
def thread_of(id):
    """Older messages (`before`), what came since (`after`, `ids`), or the last page again."""
    shown = visible(id)
    if "before" in request.args:
        before = message_of(shown, request.args.get("before", type=int))
        found = thread.page(shown, before)
    elif "after" in request.args:
        found = thread.following(
            shown,
            request.args.get("after", 0, int),
            _ids(request.args.get("ids", "")),
            request.args.get("events", type=int),
        )
    else:
        found = thread.page(shown)
    return pages.render("inbox/_items.html", interaction=shown, page=found, **rights(shown))


@bp.get("/inbox/<int:id>/messages/<int:message_id>")
@access.needs()
def message(id, message_id):
    shown = visible(id)
    item = thread.bubble(message_of(shown, message_id))
    return pages.render("inbox/_bubble.html", interaction=shown, item=item, **rights(shown))


@bp.get("/inbox/<int:id>/composer")
@access.needs()
def composer(id):
    """The head of the thread and whether one may write: what changes beside the text box."""
    shown = visible(id)
    return pages.render("inbox/_state.html", interaction=shown, show=_show(), **rights(shown))


@bp.get("/inbox/<int:id>/contact")
@access.needs()
def contact_panel(id):
    shown = visible(id)
    facts = contact_facts.facts(shown, current_user)
    return pages.render("inbox/_contact.html", interaction=shown, facts=facts)


@bp.post("/inbox/<int:id>/reply")
@access.needs()
def reply(id):
    return _write(id, "reply", _store_reply)


@bp.post("/inbox/<int:id>/note")
@access.needs()
def note(id):
    return _write(id, "note", _store_note)


@bp.post("/inbox/<int:id>/close")
@access.needs()
def close(id):
    shown = visible(id)
    chosen, note = wrapping_up.asked(request.form)
    try:
        with unit_of_work():
            check_owner(shown)
            wrapping_up.wrap_up(shown, current_user, chosen, note)
    except wrapping_up.Refused as refused:
        return _stays_open(visible(id), chosen, note, str(refused))
    ended = f" as {shown.disposition_path[-1]}" if shown.disposition_path else ""
    return _done(f"Conversation with {shown.contact_name} wrapped up{ended}", url_for(".index"))


@bp.post("/inbox/<int:id>/deal")
@access.needs()
def deal(id):
    shown = visible(id)
    with unit_of_work():
        closing.deal_with(shown)
    return _done("Marked as dealt with", url_for(".interaction", id=id))


@bp.post("/inbox/<int:id>/draft")
@access.needs()
def draft(id):
    shown, form = visible(id), DraftForm()
    if not form.validate():
        abort(422)
    with unit_of_work():
        quoted = str(form.reply_to.data) if form.reply_to.data else None
        drafts.save(shown, current_user, form.mode.data, form.text.data or "", quoted)
    return Response(status=204)


@bp.post("/inbox/<int:id>/seen")
@access.needs()
def seen(id):
    shown = visible(id)
    with unit_of_work():
        reading.seen(shown, current_user)
    return Response(status=204)


def visible(id):
    """404 also where it exists but belongs to others: an address tells nobody anything."""
    shown = db.get_or_404(Interaction, id, options=BOTH_ENDS)
    if not access.may_see(current_user, shown):
        abort(404)
    return shown


def message_of(shown, message_id):
    found = db.get_or_404(Message, message_id or 0)
    if (found.account_id, found.contact_id) != (shown.account_id, shown.contact_id):
        abort(404)
    return found


def _ids(text):
    return [int(part) for part in text.split(",") if part.isdecimal()][:200]


def _places():
    """{id: where the page shows it} from `rows=5~reply~2026-…,7~…`."""
    named = [part.partition("~") for part in request.args.get("rows", "").split(",")]
    return {int(id_): place for id_, _, place in named[:MOST_ROWS] if id_.isdecimal()}


def _show():
    return views.tab(current_user, request.args.get("show"))


def _list(open_id=None, ringing=True):
    query = request.args.get("q", "").strip()
    return views.list_pane(current_user, _show(), query, open_id, ringing)


def rights(shown):
    return views.rights(shown, current_user)


def check_owner(shown):
    if not access.may_write(current_user, shown):
        who = shown.owner.name if shown.owner else "Nobody yet"
        abort(403, f"{who} answers this conversation. Your text is kept as a draft.")


def _write(id, mode, store):
    """Store what was written; what can't be is answered with the reason and the text."""
    shown, form = visible(id), MessageForm()
    if not form.validate():
        return _refused(shown, mode, form, "The message was incomplete. Try again.", 422)
    try:
        stored = once(lambda: store(shown, form))
    except ValueError as error:
        return _refused(shown, mode, form, str(error), 422)
    except sending.Refused as error:
        reason = f"{error.refusal.reason} {error.refusal.action}".strip()
        return _refused(shown, mode, form, reason, 409)
    if not pages.is_partial():
        return pages.see_other(url_for(".interaction", id=id))
    item = thread.bubble(stored)
    return pages.render("inbox/_bubble.html", interaction=shown, item=item, **rights(shown))


def once(store):
    """Of two identical requests at the same moment one stores; the other finds what it stored."""
    try:
        return store()
    except IntegrityError:
        return store()


def _store_reply(shown, form):
    with unit_of_work():
        check_owner(shown)
        quoted = message_of(shown, form.reply_to.data) if form.reply_to.data else None
        stored = sending.write(
            shown,
            current_user,
            form.text.data or "",
            form.client_key.data,
            reply_to=quoted.provider_id if quoted else None,
        )
        drafts.remove(shown, current_user, "reply")
    return stored


def _store_note(shown, form):
    with unit_of_work():
        stored = sending.note(shown, current_user, form.text.data or "", form.client_key.data)
        drafts.remove(shown, current_user, "note")
    return stored


def _refused(shown, mode, form, reason, status):
    context = views.conversation(shown, current_user)
    context |= {"error": reason, "mode": mode, "typed": form.text.data or ""}
    if pages.is_partial():
        return pages.render("inbox/_composer.html", status=status, **context)
    return pages.render("inbox/inbox.html", status=status, **_list(shown.id), **context)


def _stays_open(shown, chosen, note, reason):
    """The dialog again, with what was chosen and written, and why it did not close."""
    if not pages.is_partial():
        flash(reason, "error")
        return pages.see_other(url_for(".interaction", id=shown.id))
    return pages.render(
        "inbox/_wrap_up_form.html",
        status=422,
        interaction=shown,
        chosen=chosen,
        note=note,
        error=reason,
        **views.wrap_up(shown, current_user),
    )


def _done(sentence, url):
    """htmx hears what to say, and the live elements refetch; a plain form goes on to a page."""
    if pages.is_partial():
        return Response(status=204, headers={"HX-Trigger": json.dumps({"toast": sentence})})
    flash(sentence)
    return pages.see_other(url)
