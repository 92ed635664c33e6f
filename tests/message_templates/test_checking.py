from datetime import timedelta

import pytest

from tests.factories import make_meta_account
from tests.message_templates.test_routes import BODY, make_draft, make_template
from webapp.columns import utcnow
from webapp.message_templates import checking

NOW = utcnow()


@pytest.fixture
def meta(app):
    return make_meta_account()


def draft_with(meta, text=BODY, buttons=(), category="utility", **columns):
    body = {"type": "BODY", "text": text, "example": {"body_text": [["Amara", "Friday"]]}}
    parts = [body] + ([{"type": "BUTTONS", "buttons": list(buttons)}] if buttons else [])
    draft = {"category": category, "components": parts, "media": None, "ttl": None}
    return make_draft(meta, draft=draft, category=category, **columns)


def found(template, level, now=NOW):
    return [one.sentence for one in checking.checks(template, now) if one.level == level]


def link(url):
    return {"type": "URL", "text": "Details", "url": url}


def reply(text):
    return {"type": "QUICK_REPLY", "text": text}


def test_a_sound_draft_has_nothing_to_mend_and_says_so(meta):
    template = draft_with(meta)
    assert checking.errors(template) == []
    assert found(template, "warn") == []
    assert "Every variable has an example" in found(template, "ok")


def test_the_providers_own_rules_stand_in_the_way(meta):
    template = draft_with(meta, "{{1}} expects you on {{2}} at our branch today.")
    assert found(template, "bad") == ["A variable may not start the text. Put a word before it."]


@pytest.mark.parametrize(
    "words", ["a discount of ten", "20% off", "our new Angebot", "free shipping", "una oferta"]
)
def test_promoting_words_in_a_utility_template_are_a_warning_not_an_error(meta, words):
    template = draft_with(meta, f"Hello {{{{1}}}}, here is {words} until {{{{2}}}} for you.")
    assert any(
        "may make WhatsApp take this for marketing" in one for one in found(template, "warn")
    )
    assert checking.errors(template) == []


def test_the_same_words_in_a_marketing_template_are_fine(meta):
    text = "Hello {{1}}, here is a discount until {{2}} for you."
    assert found(draft_with(meta, text, category="marketing"), "warn") == []


def test_a_code_in_a_utility_template_is_warned_of(meta):
    template = draft_with(meta, "Hello {{1}}, your verification code is {{2}} for today.")
    assert any("authentication" in one for one in found(template, "warn"))


def test_two_buttons_with_one_text_are_refused(meta):
    template = draft_with(meta, buttons=[reply("Yes"), reply("yes ")])
    assert found(template, "bad") == ["Two buttons have the same text"]


@pytest.mark.parametrize("url", ["https://wa.me/15550100200", "https://bit.ly/abc"])
def test_shortened_links_are_warned_of(meta, url):
    assert any("shortened" in one for one in found(draft_with(meta, buttons=[link(url)]), "warn"))
    whole = draft_with(meta, buttons=[link("https://example.com/bit.ly")], name="other")
    assert found(whole, "warn") == []


@pytest.mark.parametrize(
    ("ages", "refused"),
    [
        ([timedelta(hours=23)], True),
        ([timedelta(hours=25)], False),
        ([timedelta(days=2, hours=n) for n in range(10)], True),
        ([timedelta(days=2, hours=n) for n in range(9)], False),
        ([timedelta(days=31)] * 10, False),
    ],
)
def test_an_approved_one_changes_once_a_day_and_ten_times_a_month(meta, ages, refused):
    edits = [(NOW - age).isoformat() for age in ages]
    template = make_template(meta, edits=edits)
    assert bool(found(template, "bad")) == refused


def test_the_name_of_a_deleted_one_is_kept_for_thirty_days(meta):
    make_template(meta, deleted_at=NOW - timedelta(days=29))
    template = draft_with(meta)
    assert found(template, "bad") == ["Meta keeps the name of a deleted template for 30 days"]
    assert found(template, "bad", NOW + timedelta(days=2)) == []


def test_the_250th_is_warned_of_and_a_hundred_an_hour_are_the_most(meta):
    from webapp.extensions import db
    from webapp.message_templates.models import MessageTemplate
    from webapp.unit_of_work import unit_of_work

    with unit_of_work():
        db.session.add_all(
            MessageTemplate(
                account_id=meta.id,
                provider="meta",
                waba_id=meta.waba_id,
                name=f"t{number}",
                language="en",
                status="approved",
                submitted_at=NOW - (timedelta(minutes=5) if number < 100 else timedelta(days=1)),
            )
            for number in range(250)
        )
    template = draft_with(meta)
    assert "Meta keeps 250 templates until your business is verified" in found(template, "warn")
    assert found(template, "bad") == ["Meta takes 100 templates an hour"]


def test_a_rejected_translation_is_not_forgotten(meta):
    make_template(meta, language="de", status="rejected", reason="It shouts.")
    assert found(draft_with(meta), "warn") == ["Deutsch was rejected"]
