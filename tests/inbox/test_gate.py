from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_meta_account,
    save,
)
from tests.inbox.templates import make_template
from webapp.columns import utcnow
from webapp.inbox import delivering, sending
from webapp.settings.models import Setting
from webapp.unit_of_work import unit_of_work

NAME = {("body", "1"): "Dana"}


@pytest.fixture
def north(cast):
    return make_meta_account(cast.queue)


@pytest.fixture
def talk(north, cast):
    """Ana's open conversation, its window closed since an hour."""
    return make_interaction(north, owner=cast.ana, window_expires_at=utcnow() - timedelta(hours=1))


def pause(template):
    change(template, status="paused", reason="Low quality.")


def reject(template):
    change(template, status="rejected", reason="")


def delete(template):
    change(template, deleted_at=utcnow())


def an_odd_word(template):
    change(template, status="unknown")


def opt_out(template, talk):
    change(template, category="marketing")
    change(talk.contact, consent="out", opted_out_at=datetime(2026, 3, 4, 12, tzinfo=UTC))


def end_the_plan(template, talk):
    save(Setting(name="plan", value={"kind": "inbound"}))


REASONS = [
    (lambda t, talk: pause(t), "parcel_new_attempt is paused by WhatsApp: Low quality."),
    (lambda t, talk: reject(t), "parcel_new_attempt was rejected by WhatsApp."),
    (lambda t, talk: delete(t), "parcel_new_attempt was deleted."),
    (lambda t, talk: an_odd_word(t), "parcel_new_attempt is not approved by WhatsApp."),
    (lambda t, talk: change(t, waba_id="other"), "belongs to another WhatsApp account"),
    (opt_out, "Dana asked for no marketing on 4 Mar 2026."),
    (end_the_plan, "Your plan is inbound only."),
    (lambda t, talk: change(talk.contact, blocked_at=utcnow()), "This contact is blocked."),
    (lambda t, talk: change(talk.contact, erased_at=utcnow()), "data was erased"),
    (
        lambda t, talk: change(talk.contact, merged_into_id=make_contact("Other").id),
        "has become part of another one",
    ),
    (lambda t, talk: change(talk.account, enabled=False), "is switched off for sending"),
    (lambda t, talk: change(talk.account, provider="kaleyra"), "belongs to another"),
]


@pytest.mark.parametrize(("hinder", "said"), REASONS)
def test_a_template_is_refused_when_it_is_written(talk, north, ana, hinder, said):
    template = make_template(account=north)
    hinder(template, talk)

    with pytest.raises(sending.Refused) as refused, unit_of_work():
        sending.send_template(talk, ana, template, NAME, "one")

    assert said in refused.value.refusal.sentence


@pytest.mark.parametrize(("hinder", "said"), REASONS[:-2])
def test_a_template_that_waits_is_refused_at_the_moment_of_its_call(
    talk, north, ana, stub, hinder, said
):
    template = make_template(account=north)
    with unit_of_work():
        message = sending.send_template(talk, ana, template, NAME, "one")
    hinder(template, talk)

    delivering.drain(north.id)

    assert (message.status, stub.sent) == ("failed", [])
    assert said in f"{message.error} {message.error_action}"


def test_a_template_goes_after_the_window_closed(talk, north, ana, stub):
    template = make_template(account=north)
    with unit_of_work():
        message = sending.send_template(talk, ana, template, NAME, "one")

    delivering.drain(north.id)

    assert message.status == "sent"
    assert stub.sent[0]["template"]["name"] == "parcel_new_attempt"


def test_who_opted_out_of_marketing_still_gets_what_is_useful(talk, north, ana):
    template = make_template(account=north)
    change(talk.contact, consent="out", opted_out_at=utcnow())

    assert sending.may_send(talk, "template", template=template) is None
