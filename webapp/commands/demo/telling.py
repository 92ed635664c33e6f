"""Acts out one conversation with the verbs that real ones go through, and lets time pass."""

import uuid
from datetime import timedelta

from sqlalchemy import delete, select

from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing, delivering, drafts, media, reading, sending, wrapping_up
from webapp.inbox.media_models import Media, MediaState
from webapp.inbox.models import Direction, Interaction, Message
from webapp.providers import sandbox
from webapp.queues import offering
from webapp.sandbox import saying, shifting, viewing
from webapp.sandbox.models import SandboxCustomer, SandboxReceipt
from webapp.settings import dispositions
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload

RECEIPTS = {"sent": ("sent",), "delivered": ("sent", "delivered")}
ALL_RECEIPTS = ("sent", "delivered", "read")
WORDLESS = {"failed": "refused:131026", "unknown": sandbox.NO_ANSWER}


class Story:
    """A customer's conversation with one account; each act is committed before the next."""

    def __init__(self, account_id, name, phone):
        account = db.session.get(Account, account_id)
        self._account_id = account_id
        self._number_id = account.phone_number_id
        self._name = name
        self._phone = phone

    def says(self, text, quoting=False):
        reply_to = self._last(Direction.OUT).provider_id if quoting else None
        self._arrives(
            sandbox.inbound_text_body(
                self._number_id, self._phone, text, name=self._name, reply_to=reply_to
            )
        )
        return self

    def shows(self, picture, caption=""):
        self._arrives(
            sandbox.inbound_image_body(
                self._number_id,
                self._phone,
                saying.kept(picture),
                picture,
                caption=caption,
                name=self._name,
            )
        )
        pending = select(Media.id).where(Media.state == MediaState.PENDING)
        for media_id in db.session.scalars(pending).all():
            media.fetch(media_id)
        return self

    def reacts(self, emoji):
        said = {"message_id": self._last(Direction.OUT).provider_id, "emoji": emoji}
        reaction = {"type": "reaction", "reaction": said}
        self._arrives(
            sandbox.inbound_body(
                self._number_id, self._phone, reaction, self._name, None, None, None
            )
        )
        return self

    def taken(self, user_id):
        with unit_of_work():
            offering.take(self._interaction(), db.session.get(User, user_id))
        return self.seen()

    def answers(self, text, status="read"):
        """The owner writes; the phone takes it as `status` says."""
        with unit_of_work():
            interaction = self._interaction()
            owner = db.session.get(User, interaction.owner_id)
            reading.seen(interaction, owner)
            message_id = sending.write(interaction, owner, text, uuid.uuid4().hex).id
        with self._phone_set_to(WORDLESS.get(status, sandbox.READ)):
            delivering.drain(self._account_id)
        self._receipts(message_id, status)
        return self

    def notes(self, user_id, text):
        with unit_of_work():
            author = db.session.get(User, user_id)
            sending.note(self._interaction(), author, text, uuid.uuid4().hex)
        return self

    def drafts(self, text):
        with unit_of_work():
            interaction = self._interaction()
            drafts.save(interaction, db.session.get(User, interaction.owner_id), "reply", text)
        return self

    def seen(self):
        with unit_of_work():
            interaction = self._interaction()
            reading.seen(interaction, db.session.get(User, interaction.owner_id))
        reading.report(self._interaction().account_id)
        return self

    def wrapped_up(self, *path, note=""):
        """The owner says how it ended: the names of an outcome from the first level on, or none."""
        with unit_of_work():
            interaction = self._interaction()
            owner = db.session.get(User, interaction.owner_id)
            labels = dispositions.every(dispositions.tree()).values()
            ids = {label.path: label.id for label in labels}
            wrapping_up.wrap_up(interaction, owner, ids[path] if path else None, note)
        return self

    def later(self, seconds=0, minutes=0, hours=0, days=0):
        """Let time pass; a session that is over by then ends as it would have."""
        passed = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        with unit_of_work():
            interaction = self._interaction()
            interaction.contact.created_at -= passed
            shifting.shift(interaction.account, interaction.contact, passed.total_seconds())
        with unit_of_work():
            closing.sweep()
        return self

    def _arrives(self, *bodies):
        with unit_of_work():
            db.session.add_all(
                WebhookPayload(account_id=self._account_id, body=body) for body in bodies
            )
        draining.drain(self._account_id)

    def _receipts(self, message_id, status):
        """At once what the pretend phone would post in its own time; none for what failed."""
        message = db.session.get(Message, message_id)
        provider_id = message.provider_id
        with unit_of_work():
            db.session.execute(
                delete(SandboxReceipt).where(SandboxReceipt.account_id == self._account_id)
            )
        if provider_id and status not in WORDLESS:
            self._arrives(
                *(
                    sandbox.status_body(self._number_id, provider_id, one, self._phone, at=utcnow())
                    for one in RECEIPTS.get(status, ALL_RECEIPTS)
                )
            )

    def _phone_set_to(self, behaviour):
        return _Behaviour(self._phone, behaviour)

    def _interaction(self):
        customer = SandboxCustomer(phone=self._phone, cleared_message_id=0)
        account = db.session.get(Account, self._account_id)
        return viewing.conversation_of(customer, account).interaction

    def _last(self, direction):
        return db.session.scalar(
            select(Message)
            .join(Interaction, Interaction.id == Message.interaction_id)
            .where(Interaction.id == self._interaction().id, Message.direction == direction)
            .order_by(Message.id.desc())
            .limit(1)
        )


class _Behaviour:
    """For one message a phone does something else than read it."""

    def __init__(self, phone, behaviour):
        self._phone = phone
        self._behaviour = behaviour

    def __enter__(self):
        if self._behaviour != sandbox.READ:
            with unit_of_work():
                db.session.add(
                    SandboxCustomer(name="", phone=self._phone, behaviour=self._behaviour)
                )

    def __exit__(self, *_error):
        if self._behaviour != sandbox.READ:
            with unit_of_work():
                db.session.execute(
                    delete(SandboxCustomer).where(SandboxCustomer.phone == self._phone)
                )
