"""What a contact reads: values from fields, the language, and the provider's own payload."""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, literal, select

from tests import factories
from tests.inbox.templates import VISIT, make_template
from webapp.campaigns.messages import wording
from webapp.campaigns.messages.languages import Languages
from webapp.campaigns.messages.wording import Wording
from webapp.campaigns.models import CampaignVariant
from webapp.columns import utcnow
from webapp.contacts.models import Contact, CustomField
from webapp.extensions import db
from webapp.inbox import outgoing, sending
from webapp.providers.base import Recipient
from webapp.providers.kaleyra import sending as kaleyra
from webapp.providers.kaleyra.api import V1, V2
from webapp.providers.meta.sending import message_body
from webapp.unit_of_work import unit_of_work

BODY = [{"type": "BODY", "text": "Hello {{1}}, your {{2}} is due."}]
MAPPING = {
    "header 1": {"from": "field", "key": "ORDER"},
    "body first_name": {"from": "contact", "key": "first_name", "fallback": "there"},
    "body day": {"from": "text", "text": "Friday"},
    "button 1": {"from": "contact", "key": "phone"},
}


@pytest.fixture
def account(app):
    return factories.make_meta_account()


@pytest.fixture
def order(app):
    return factories.save(CustomField(name="Order", kind="number"))


def variant_of(template, mapping, **columns):
    return CampaignVariant(
        template_name=template.name, language=template.language, mapping=mapping, **columns
    )


def visit(account, order):
    template = make_template(account=account, components=VISIT, parameter_format="named")
    order_from = {"header 1": {"from": "field", "key": str(order.id)}}
    return Wording(variant_of(template, MAPPING | order_from), template)


def test_values_come_from_contact_fields_and_fixed_text(account, order):
    contact = factories.make_contact(fields={str(order.id): 40655}, phone="15550123409")

    assert visit(account, order).values(contact) == {
        ("header", "1"): "40655",
        ("body", "first_name"): "there",
        ("body", "day"): "Friday",
        ("button", "1"): "+15550123409",
    }


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("first_name", "Dana"),
        ("last_name", "Whitlock"),
        ("name", "Dana Whitlock"),
        ("company", "Whitlock Sites"),
        ("email", "dana@example.com"),
        ("phone", "+15550123409"),
        ("language", "pt_BR"),
        ("password_hash", ""),
    ],
)
def test_each_of_a_contacts_own_fields_can_be_written(account, key, shown):
    contact = factories.make_contact(
        "Dana Whitlock",
        "15550123409",
        first_name="Dana",
        last_name="Whitlock",
        company="Whitlock Sites",
        email="dana@example.com",
        language="pt_BR",
    )
    template = make_template(account=account)
    wanted = variant_of(template, {"body 1": {"from": "contact", "key": key}})

    assert Wording(wanted, template).values(contact) == {("body", "1"): shown}


def test_a_field_deleted_since_has_no_value(account, order):
    contact = factories.make_contact(fields={str(order.id): 40655})
    factories.change(order, deleted_at=utcnow())

    assert visit(account, order).values(contact)["header", "1"] == ""


def test_a_missing_or_too_long_value_is_said_in_a_sentence(account):
    template = make_template(account=account)
    company = Wording(
        variant_of(template, {"body 1": {"from": "contact", "key": "company"}}), template
    )

    with pytest.raises(ValueError, match="Value 1 is empty"):
        company.filled(factories.make_contact())
    with pytest.raises(ValueError, match=r"takes 1,024 characters; with these values .* 1,032"):
        company.filled(SimpleNamespace(company="x" * 1010, fields={}))


def by_kaleyra(command, version):
    """The fields its API gets for the command."""
    api = SimpleNamespace(
        version=version, number="15550100200", credentials={}, settings={}, form=dict, json=dict
    )
    return kaleyra.request_for(api, command, "parley-1", None)


def test_its_command_is_what_an_agents_template_sends(account, order, cast):
    contact = factories.make_contact(fields={str(order.id): 40655}, first_name="Dana\n Maria")
    talk = factories.make_interaction(account, contact, cast.ana)
    wanted = visit(account, order)
    with unit_of_work():
        message = sending.send_template(
            talk, cast.ana, wanted.template, wanted.values(contact), "key-1"
        )
    by_agent = outgoing.command_of(message)

    command = wanted.command(contact, by_agent.to)

    assert command == by_agent
    assert message_body(command) == message_body(by_agent)
    assert by_kaleyra(command, V1) == by_kaleyra(by_agent, V1)
    assert by_kaleyra(command, V2) == by_kaleyra(by_agent, V2)
    assert wanted.filled(contact).text == message.text


def test_a_header_file_stands_in_the_command(account):
    photo = [{"type": "HEADER", "format": "IMAGE"}, *BODY]
    template = make_template(account=account, components=photo, media={"key": "sample"})
    own = {"key": "van.jpg", "mime_type": "image/jpeg"}
    mapping = {f"body {n}": {"from": "text", "text": "x"} for n in (1, 2)}
    wanted = Wording(variant_of(template, mapping, media=own), template)
    file = object()

    command = wanted.command(SimpleNamespace(fields={}), Recipient("15550123409"), file)

    assert (wanted.header_kind, wanted.media) == ("image", own)
    assert (command.header_kind, command.header_file) == ("image", file)
    assert Wording(variant_of(template, mapping), template).media == {"key": "sample"}


def languages(*codes, chosen="en"):
    templates = [SimpleNamespace(id=n, language=code) for n, code in enumerate(sorted(codes), 1)]
    return Languages(SimpleNamespace(language=chosen), templates)


@pytest.mark.parametrize(
    ("language", "gets"),
    [
        ("pt_BR", "pt_BR"),
        ("pt_PT", "pt"),
        ("pt", "pt"),
        ("en-GB", "en"),
        ("en_us", "en"),
        ("es", "es_ES"),
        ("de", "en"),
        (None, "en"),
    ],
)
def test_a_contact_gets_their_own_language_else_the_chosen_one(language, gets):
    assert languages("en", "pt", "pt_BR", "es_ES", "es_MX").best(language).language == gets


CODES = st.lists(st.sampled_from(["en", "en_US", "pt", "pt_BR", "pt_PT", "fil", "fi"]), unique=True)
SPOKEN = st.sampled_from([None, "", "en", "EN_gb", "pt-br", "pt_PT", "pt", "fi_FI", "fil", "f"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CODES, SPOKEN, st.sampled_from(["en", "pt"]))
def test_the_database_chooses_the_same_language(app, codes, spoken, chosen):
    known = languages(*codes, chosen=chosen)
    best = known.best(spoken)

    found = db.session.scalar(select(known.template_id(literal(spoken, String))))

    assert found == (best.id if best else None)


@pytest.mark.parametrize("company", ["", "  ", "\t\n", "\xa0", "Whitlock Sites", " x "])
@pytest.mark.parametrize("kept", [{}, {"1": None}, {"1": " "}, {"1": 0}, {"1": False}, {"1": "x"}])
def test_the_database_finds_the_same_values_missing(account, company, kept):
    field = factories.save(CustomField(id=1, name="Insured", kind="switch"))
    template = make_template(account=account, components=BODY)
    mapping = {
        "body 1": {"from": "contact", "key": "company"},
        "body 2": {"from": "field", "key": str(field.id)},
    }
    variant = variant_of(template, mapping)
    contact = factories.make_contact(company=company, fields=kept)
    lacks = wording.is_missing(variant, Languages(variant, [template]), literal(template.id))

    found = db.session.scalar(select(lacks).where(Contact.id == contact.id))

    assert bool(found) == (not all(Wording(variant, template).values(contact).values()))
