"""A name the webhook does not carry is looked up behind the message, once, and harms nothing."""

from sqlalchemy import select

from tests.support.fake_provider import body
from webapp import jobs
from webapp.contacts.models import Contact
from webapp.extensions import db, redis_clients
from webapp.inbox import naming
from webapp.inbox.models import Interaction
from webapp.providers.base import ProviderError
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload


def arrive(account, id, **said):
    with unit_of_work():
        db.session.add(WebhookPayload(account_id=account.id, body=body(id, **said)))
    draining.drain(account.id)
    db.session.expire_all()


def asked_for():
    queue = jobs.job_queue(naming.JOB, redis_clients.patient)
    return [job.args[0] for job in queue.jobs if job.func_name == naming.JOB]


def test_the_name_is_asked_for_and_shown(script, fake):
    script.names["P1"] = "Dana Whitlock"
    arrive(fake, "m1", profile="P1")
    (shard,) = asked_for()
    naming.fetch(shard)
    db.session.expire_all()
    assert db.session.scalars(select(Contact.profile_name)).one() == "Dana Whitlock"
    assert db.session.scalars(select(Interaction.contact_name)).one() == "Dana Whitlock"


def test_a_known_name_is_not_asked_for_again(script, fake):
    script.names["P1"] = "Dana Whitlock"
    arrive(fake, "m1", profile="P1")
    (shard,) = asked_for()
    naming.fetch(shard)
    redis_clients.patient.flushdb()
    arrive(fake, "m2", profile="P1")
    assert asked_for() == []
    naming.fetch(shard)
    assert script.named == ["P1"]


def test_a_message_that_says_nothing_of_a_name_asks_for_none(script, fake):
    arrive(fake, "m1")
    assert asked_for() == []


def test_a_name_that_cannot_be_had_leaves_the_number(script, fake):
    script.names["P1"] = ProviderError("Away", permanent=False)
    arrive(fake, "m1", profile="P1")
    naming.fetch(asked_for()[0])
    assert db.session.scalars(select(Interaction.contact_name)).one() == "+15550120001"


def test_no_transaction_is_open_while_the_name_is_asked_for(script, fake):
    arrive(fake, "m1", profile="P1")
    naming.fetch(asked_for()[0])
    assert script.connections == [0]
