"""Writes again to many customers whose window closed on an unanswered message.

The wish is rows; a job works them off one unit each, so that a crash loses and doubles nothing.
"""

import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import joinedload

from webapp import jobs
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.inbox import gate, sending, starting, template_content
from webapp.inbox.models import Interaction, InteractionState
from webapp.inbox.recontact_models import EntryState, Recontact, RecontactEntry
from webapp.message_templates import choosing, filling, parts
from webapp.message_templates.models import MessageTemplate
from webapp.queues import accepting
from webapp.staff import access
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

JOB = "workers.outbound.recontact"
MOST = 500  # in one go
SLICE_SECONDS = 25
NOT_NOW = (ValueError, gate.Refused, starting.Elsewhere, accepting.Refused)


@dataclass(frozen=True, slots=True)
class Candidate:
    interaction: object
    reason: str  # why it would be left out, empty where it would go


@dataclass(frozen=True, slots=True)
class Part:
    """What of the choice belongs to one account: its templates and who would be left out."""

    account: object
    templates: list
    template: object
    variables: list  # those a person may give a value for
    candidates: list

    @property
    def going(self):
        return sum(not one.reason for one in self.candidates)


def left_unanswered(user, ids=None):
    """The newest of them first, those this person may see."""
    found = select(Interaction).where(
        and_(Interaction.left_unanswered, Interaction.state == InteractionState.CLOSED),
        access.visible_interactions(user),
    )
    if not access.leads(user):
        found = found.where((Interaction.owner_id == user.id) | Interaction.owner_id.is_(None))
    if ids is not None:
        found = found.where(Interaction.id.in_(ids))
    related = (joinedload(Interaction.contact), joinedload(Interaction.account))
    newest = found.options(*related).order_by(Interaction.closed_at.desc(), Interaction.id.desc())
    return list(db.session.scalars(newest.limit(MOST)))


def plan_for(user, chosen):
    """One Part per account; `chosen` is {account id as text: {"template", "values"}}."""
    by_account = {}
    for interaction in left_unanswered(user):
        by_account.setdefault(interaction.account, []).append(interaction)
    return [_part(user, *one, chosen) for one in by_account.items()]


def ask(user, ids, chosen):
    """Write down who is to be written to; ValueError where that is nobody."""
    interactions = left_unanswered(user, ids)
    if not interactions:
        raise ValueError("Choose at least one conversation.")
    for key, one in chosen.items():
        _check_template(int(key), one["template"])
    wish = Recontact(by_id=user.id, templates=chosen, total=len(interactions))
    db.session.add(wish)
    db.session.flush()
    db.session.execute(
        insert(RecontactEntry),
        [
            {
                "recontact_id": wish.id,
                "interaction_id": interaction.id,
                "state": EntryState.QUEUED,
                "reason": "",
            }
            for interaction in interactions
        ],
    )
    record(user, "asked", wish, after={"conversations": len(interactions)})
    jobs.hint(JOB, wish.id)
    return wish


def run(wish_id, stop_asked=lambda: False):
    """Work off what is queued until the slice is over; another job goes on then."""
    jobs.taken(JOB, wish_id)
    until = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < until and not stop_asked():
        if not _next(wish_id):
            return
    jobs.hint_now(JOB, wish_id)


def due():
    """Wishes that are not finished: what no job picked up."""
    return db.session.scalars(select(Recontact.id).where(Recontact.finished_at.is_(None))).all()


def counts(wish):
    """{state: how many}, and {reason: how many} of those left out."""
    rows = db.session.execute(
        select(RecontactEntry.state, RecontactEntry.reason, func.count())
        .where(RecontactEntry.recontact_id == wish.id)
        .group_by(RecontactEntry.state, RecontactEntry.reason)
    ).all()
    states, reasons = Counter(), Counter()
    for state, reason, count in rows:
        states[state] += count
        if reason:
            reasons[reason] += count
    return states, reasons.most_common()


def _next(wish_id):
    """One entry in one unit; False once none is left. A refusal is written down in a unit of its
    own, since the first one is taken back."""
    entry_id = None
    try:
        with unit_of_work():
            entry = _locked(wish_id)
            if entry is None:
                return _finish(wish_id)
            entry_id = entry.id
            message = _write(db.session.get(Recontact, wish_id), entry.interaction)
            entry.state, entry.message_id = EntryState.SENT, message.id
    except NOT_NOW as error:
        with unit_of_work():
            entry = db.session.get(RecontactEntry, entry_id)
            if entry.state == EntryState.QUEUED:
                entry.state, entry.reason = EntryState.SKIPPED, _sentence(error)
    return True


def _locked(wish_id):
    return db.session.scalar(
        lock(
            select(RecontactEntry)
            .where(
                RecontactEntry.recontact_id == wish_id, RecontactEntry.state == EntryState.QUEUED
            )
            .order_by(RecontactEntry.id)
            .limit(1),
            skip_locked=True,
        )
    )


def _finish(wish_id):
    """Done where nothing is queued; what another worker holds at this moment it finishes itself."""
    queued = select(RecontactEntry.id).where(
        RecontactEntry.recontact_id == wish_id, RecontactEntry.state == EntryState.QUEUED
    )
    if db.session.scalar(queued.limit(1)) is None:
        wish = db.session.get(Recontact, wish_id)
        wish.finished_at = wish.finished_at or utcnow()
    return False


def _write(wish, interaction):
    if not interaction.left_unanswered:
        raise ValueError("Somebody has dealt with it meanwhile.")
    chosen = wish.templates.get(str(interaction.account_id))
    if chosen is None:
        raise ValueError(f"No template for {interaction.account.name}.")
    template = db.session.get(MessageTemplate, chosen["template"])
    reason = _why_not(template, interaction, chosen, filling.Filler(wish.by))
    if reason:
        raise ValueError(reason)
    values = _values(template, interaction.contact, chosen, filling.Filler(wish.by))
    talk = starting.recontact(interaction, wish.by)
    return sending.send_template(
        talk, wish.by, template, values, f"recontact-{wish.id}-{interaction.id}"
    )


def _part(user, account, interactions, chosen):
    templates = [one for one in choosing.usable(account) if _goes_alone(one)]
    one = chosen.get(str(account.id))
    wanted = one["template"] if one else None
    template = next((t for t in templates if t.id == wanted), templates[0] if templates else None)
    one = one if one and template and wanted == template.id else {"values": {}}
    filler = filling.Filler(user)
    candidates = [
        Candidate(
            row,
            _why_not(template, row, one, filler)
            if template
            else choosing.why_none(account)
            or f"{account.name} has no template that could go to all.",
        )
        for row in interactions
    ]
    variables = parts.variables(template.components) if template else []
    return Part(account, templates, template, variables, candidates)


def _goes_alone(template):
    """A header that needs a file or a place chosen for each message is not for many."""
    top = parts.header(template.components)
    if top is None or top.format == "text":
        return True
    return top.is_media and template_content.sample_of(template) is not None


def _why_not(template, interaction, chosen, filler):
    refusal = gate.may_reach(
        interaction.account, interaction.contact, "template", template=template
    )
    if refusal:
        return _for_many(refusal)
    values = _values(template, interaction.contact, chosen, filler)
    for variable in parts.variables(template.components):
        if not values[variable.where, variable.key]:
            return f"No value for “{template_content.words_for(variable)}”."
    return ""


def _for_many(refusal):
    """The same words for everybody, so that they can be counted."""
    return "Asked for no marketing." if refusal.code == "opted_out" else refusal.reason


def _values(template, contact, chosen, filler):
    own = filler.filled(template, contact)
    given = chosen.get("values", {})
    return {
        place: template_content.clean(value.text or given.get(" ".join(place), ""))
        for place, value in own.items()
    }


def _check_template(account_id, template_id):
    account, template = (
        db.session.get(Account, account_id),
        db.session.get(MessageTemplate, template_id),
    )
    usable = {one.id for one in choosing.usable(account)} if account else set()
    if template is None or template.id not in usable:
        raise ValueError("This template cannot be sent any more. Choose another one.")


def _sentence(error):
    return _for_many(error.refusal) if isinstance(error, gate.Refused) else str(error)
