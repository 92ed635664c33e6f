"""The message's page: templates, where values come from, shares, the header's file, the preview."""

import io

import pytest

from tests import factories
from tests.campaigns.wizard import AJAX, GREETING, MAPPING, make_draft, saved
from tests.inbox.templates import make_template
from tests.support.files import picture
from webapp import media_store
from webapp.campaigns.audience import gaps
from webapp.campaigns.messages import variants
from webapp.campaigns.models import Campaign
from webapp.campaigns.wizard import drafting, stepping
from webapp.contacts.models import Contact, CustomField
from webapp.extensions import db

PICTURE = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Cold days ahead."}]


@pytest.fixture
def meta(app):
    return factories.make_meta_account()


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


@pytest.fixture
def draft(meta, cast):
    return make_draft(meta, cast.sara)


def values(mapping=MAPPING, **changes):
    """What the page posts for these sources."""
    posted = {"number": "0", "place": list(mapping)}
    for place, one in mapping.items():
        posted[f"{place}-from"] = one["from"]
        posted[f"{place}-{one['from']}"] = one["text"] or one["key"]
        posted[f"{place}-fallback"] = one["fallback"] or ""
    return posted | changes


def first(draft):
    return db.session.get(Campaign, draft.id).variants[0]


def test_choosing_a_template_guesses_where_its_values_come_from(leader, draft):
    field = factories.save(CustomField(name="Product name"))
    body = "Hi {{first_name}}, your {{product_name}} is due on {{day}}."
    make_template("due", [{"type": "BODY", "text": body}], account=draft.account)
    answer = leader.post(
        f"/campaigns/{draft.id}/message",
        data={"number": "0", "template": "due", "change": "template"},
        headers=AJAX,
    )
    assert "2 of 3 filled" in answer.text
    kept = first(draft).mapping
    assert (kept["body first_name"]["from"], kept["body first_name"]["key"]) == (
        "contact",
        "first_name",
    )
    assert (kept["body product_name"]["from"], kept["body product_name"]["key"]) == (
        "field",
        str(field.id),
    )


def test_the_values_are_kept_and_shown_again(leader, draft):
    wanted = MAPPING | {"body 2": MAPPING["body 2"] | {"text": "heat pump"}}
    answer = leader.post(f"/campaigns/{draft.id}/message", data=values(wanted))
    assert answer.location == f"/campaigns/{draft.id}/schedule"
    assert first(draft).mapping == wanted
    assert 'value="heat pump"' in leader.get(f"/campaigns/{draft.id}/message").text


def test_going_on_with_an_empty_value_says_which_one(leader, draft):
    wanted = MAPPING | {"body 2": MAPPING["body 2"] | {"text": ""}}
    answer = leader.post(f"/campaigns/{draft.id}/message", data=values(wanted))
    assert answer.status_code == 422
    assert "Say what stands for {{2}}" in answer.text
    assert stepping.first_open(db.session.get(Campaign, draft.id)) == drafting.MESSAGE


def test_another_source_draws_its_field_and_keeps_the_others(leader, draft):
    wanted = MAPPING | {"body 2": MAPPING["body 2"] | {"from": "contact"}}
    answer = leader.post(
        f"/campaigns/{draft.id}/message", data=values(wanted, change="source"), headers=AJAX
    )
    assert 'name="body 2-contact"' in answer.text
    assert 'value="there"' in answer.text


def test_who_has_no_value_is_counted_with_what_they_get(leader, meta, cast):
    draft = make_draft(meta, cast.sara, "Yuki", "", "")
    assert gaps.of(draft, draft.variants[0])["body 1"].sentence == (
        "2 contacts have no first name and get “there”"
    )
    assert "2 contacts have no first name" in leader.get(f"/campaigns/{draft.id}/gaps?v=0").text


def test_without_a_text_in_their_place_they_are_left_out(leader, meta, cast):
    draft = make_draft(meta, cast.sara, "Yuki", "")
    factories.change(
        draft.variants[0], mapping=MAPPING | {"body 1": MAPPING["body 1"] | {"fallback": None}}
    )
    text = leader.get(f"/campaigns/{draft.id}/gaps?v=0").text
    assert "1 contact has no first name and is left out" in text
    assert "1 left out because a value is missing" in text


def test_a_number_without_end_is_the_first_message(leader, draft):
    number = "9" * 5000
    for address in (f"preview?v={number}&at={number}", f"gaps?number={number}"):
        assert leader.get(f"/campaigns/{draft.id}/{address}").status_code == 200
    posted = values(number=number, change=f"drop {number}") | {"percent-0": number}
    assert leader.post(f"/campaigns/{draft.id}/message", data=posted).status_code in (303, 422)


def test_the_preview_goes_from_one_real_contact_to_the_next(leader, draft):
    page = leader.get(f"/campaigns/{draft.id}/preview?v=0").text
    assert "Hello <mark>Yuki</mark>, your <mark>yearly check</mark> is due." in page
    assert "Next contact" in page
    page = leader.get(f"/campaigns/{draft.id}/preview?v=0&at=1").text
    assert "Hello <mark>Pedro</mark>" in page
    assert "Previous contact" in page
    assert "Next contact" not in page


def test_the_preview_speaks_the_contacts_own_language(leader, meta, cast):
    draft = make_draft(meta, cast.sara, "Yuki")
    make_template(
        "service_reminder",
        [{"type": "BODY", "text": "Hallo {{1}}, {{2}} ist fällig."}],
        account=meta,
        language="de",
        provider_id="tpl-de",
    )

    factories.change(db.session.query(Contact).one(), language="de")
    assert "Hallo <mark>Yuki</mark>" in leader.get(f"/campaigns/{draft.id}/preview").text


def test_a_second_message_is_added_with_half_of_the_audience(leader, draft):
    answer = leader.post(f"/campaigns/{draft.id}/message", data=values(change="add"))
    assert answer.location == f"/campaigns/{draft.id}/message?v=1"
    kept = db.session.get(Campaign, draft.id).variants
    assert [one.percent for one in kept] == [50, 50]
    assert kept[0].mapping == MAPPING
    leader.post(f"/campaigns/{draft.id}/message", data={"number": "1", "change": "drop 1",
                "percent-0": "50", "percent-1": "50"})  # fmt: skip
    assert [one.percent for one in db.session.get(Campaign, draft.id).variants] == [100]


def test_shares_have_to_add_up_to_a_hundred(leader, draft):
    make_template("winter_offer", GREETING, account=draft.account)
    offer = {"template_name": "winter_offer", "language": "en", "mapping": MAPPING, "media": None}
    both = [
        *drafting.facts(draft, "message")["variants"],
        offer | {"percent": 50},
    ]
    saved(draft, "message", draft.created_by, variants=both)
    answer = leader.post(
        f"/campaigns/{draft.id}/message", data=values(**{"percent-0": "60", "percent-1": "60"})
    )
    assert answer.status_code == 422
    assert "add up to 120%" in answer.text
    good = values(**{"percent-0": "70", "percent-1": "30"})
    assert leader.post(f"/campaigns/{draft.id}/message", data=good).status_code == 303
    assert [one.percent for one in db.session.get(Campaign, draft.id).variants] == [70, 30]


def test_a_share_that_is_no_number_keeps_what_was_typed(leader, draft):
    leader.post(f"/campaigns/{draft.id}/message", data=values(change="add"))
    answer = leader.post(
        f"/campaigns/{draft.id}/message", data=values(**{"percent-0": "half", "percent-1": "50"})
    )
    assert answer.status_code == 422
    assert 'value="half"' in answer.text


@pytest.fixture
def pictured(meta, cast):
    draft = make_draft(meta, cast.sara)
    make_template("winter_offer", PICTURE, account=meta)
    only = {"template_name": "winter_offer", "language": "en", "percent": 100}
    saved(draft, "message", cast.sara, variants=[only | {"mapping": {}, "media": None}])
    return draft


def upload(leader, draft, name="van.png", content=None, mime_type="image/png"):
    content = content if content is not None else picture("PNG", (100, 50))
    data = {"number": "0", "header": (io.BytesIO(content), name, mime_type)}
    return leader.post(f"/campaigns/{draft.id}/header", data=data, headers=AJAX)


def test_a_header_without_a_file_is_missing(pictured):
    assert variants.problems(pictured) == ["winter_offer begins with a file. Choose one."]


def test_a_headers_picture_is_kept_shown_and_replaced(leader, pictured):
    assert "van.png" in upload(leader, pictured).text
    media = first(pictured).media
    assert (media["width"], media["height"]) == (100, 50)
    assert leader.get(f"/campaigns/{pictured.id}/header/0").mimetype == "image/png"
    assert (
        f"/campaigns/{pictured.id}/header/0" in leader.get(f"/campaigns/{pictured.id}/preview").text
    )
    upload(leader, pictured, "other.png", picture("PNG", (80, 50)))
    with pytest.raises(media_store.NotThere):
        media_store.open(media["key"])


def test_a_file_that_two_campaigns_share_stays_with_the_other(leader, pictured, cast):
    upload(leader, pictured)
    media = first(pictured).media
    twin = make_draft(pictured.account, cast.sara, template="another")
    factories.change(twin.variants[0], media=media)
    upload(leader, pictured, "other.png", picture("PNG", (80, 50)))
    media_store.open(media["key"]).close()


def test_a_file_that_is_no_longer_stored_is_not_found(leader, pictured):
    gone = {"key": "gone", "mime_type": "image/png", "filename": "van.png", "size": 9}
    factories.change(first(pictured), media=gone)
    assert leader.get(f"/campaigns/{pictured.id}/header/0").status_code == 404


def test_a_file_of_another_kind_is_refused_in_words(leader, pictured):
    answer = upload(leader, pictured, "prices.pdf", b"%PDF-1.4 x", "application/pdf")
    assert "field__error" in answer.text
    assert first(pictured).media is None
