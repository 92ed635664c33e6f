import io

import pytest

from tests.factories import change, make_meta_account, save
from tests.support.files import picture
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.settings import plan
from webapp.settings.models import Setting
from webapp.staff.models import AuditEntry

BODY = "Hello {{1}}, we expect you on {{2}} at our branch."
FILLED = {
    "header": "none",
    "body": BODY,
    "example-body-1": "Amara",
    "example-body-2": "Friday",
    "footer": "Northgate Kettles",
    "buttons": "0",
}
AJAX = {"HX-Request": "true"}


@pytest.fixture
def meta(app):
    return make_meta_account()


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


def make_template(account, name="visit_reminder", language="en", **columns):
    components = [
        {"type": "BODY", "text": BODY, "example": {"body_text": [["Amara", "Friday"]]}},
    ]
    values = {"category": "utility", "status": TemplateStatus.APPROVED, "components": components}
    return save(
        MessageTemplate(
            account_id=account.id,
            provider=account.provider,
            waba_id=account.waba_id or "",
            name=name,
            language=language,
            **(values | columns),
        )
    )


def make_draft(account, name="visit_reminder", **columns):
    draft = {"category": "utility", "components": [], "media": None, "ttl": None}
    values = {"status": TemplateStatus.DRAFT, "components": [], "draft": draft}
    return make_template(account, name, **(values | columns))


def template(id):
    db.session.rollback()
    return db.session.get(MessageTemplate, id)


def begin(leader, account, **values):
    facts = {
        "name": "visit_reminder",
        "account_id": account.id,
        "language": "en",
        "category": "utility",
        "parameter_format": "positional",
    }
    return leader.post("/templates/add", data=facts | values)


def said(answer):
    return answer.get_data(as_text=True)


def test_a_new_template_is_a_draft_and_opens_its_editor(leader, meta):
    answer = begin(leader, meta)

    made = db.session.scalar(db.select(MessageTemplate))
    assert answer.headers["Location"] == f"/templates/{made.id}"
    assert (made.status, made.name, made.waba_id) == ("draft", "visit_reminder", meta.waba_id)
    page = said(leader.get(f"/templates/{made.id}"))
    assert "Submit for approval" in page and "0 of 1,024" in page


def test_a_name_that_is_taken_in_the_language_is_refused(leader, meta):
    make_template(meta)
    answer = begin(leader, meta)
    assert answer.status_code == 422
    assert "visit_reminder exists already in English." in said(answer)
    assert begin(leader, meta, language="de").status_code == 303


def test_typing_is_saved_and_answered_with_preview_counts_and_checks(leader, meta):
    draft = make_draft(meta)
    answer = leader.post(f"/templates/{draft.id}/draft", data=FILLED, headers=AJAX)

    html = said(answer)
    assert "<mark>Amara</mark>" in html and "50 of 1,024" in html and "Saved" in html
    assert "Every variable has an example" in html
    assert template(draft.id).draft["components"][0]["example"] == {
        "body_text": [["Amara", "Friday"]]
    }


def test_new_variables_bring_their_example_fields_and_only_then(leader, meta):
    draft = make_draft(meta)
    first = leader.post(f"/templates/{draft.id}/draft", data=FILLED, headers=AJAX)
    again = leader.post(f"/templates/{draft.id}/draft", data=FILLED, headers=AJAX)
    assert 'id="example-body-2"' in said(first)
    assert 'id="example-body-2"' not in said(again)


def test_buttons_are_added_moved_and_removed_without_losing_their_text(leader, meta):
    draft = make_draft(meta)
    two = FILLED | {
        "buttons": "2",
        "button-0-kind": "url",
        "button-0-text": "Details",
        "button-0-url": "https://example.com/{{1}}",
        "example-button-0": "x",
        "example-button-0-": "",
        "button-1-kind": "quick_reply",
        "button-1-text": "Yes",
    }

    def press(what, data):
        leader.post(f"/templates/{draft.id}/draft", data=data | {"change": what})
        stored = template(draft.id).draft["components"]
        found = [part for part in stored if part["type"] == "BUTTONS"]
        return [one["text"] for one in found[0]["buttons"]] if found else []

    assert press("button", FILLED) == [""]
    assert press("down-0", two) == ["Yes", "Details"]
    assert press("up-1", two) == ["Yes", "Details"]
    assert press("remove-0", two) == ["Yes"]


def test_submitting_what_breaks_a_rule_says_where_and_keeps_it(leader, meta):
    draft = make_draft(meta)
    answer = leader.post(
        f"/templates/{draft.id}/submit", data=FILLED | {"example-body-2": "", "footer": "{{1}}"}
    )
    assert answer.status_code == 422
    assert "Give an example for {{2}}." in said(answer)
    assert template(draft.id).status == TemplateStatus.DRAFT


def test_a_good_one_is_sent_to_the_provider(leader, meta):
    draft = make_draft(meta)
    answer = leader.post(f"/templates/{draft.id}/submit", data=FILLED)

    assert answer.status_code == 303
    assert template(draft.id).status == TemplateStatus.SUBMITTING
    assert "Sent to Meta…" in said(leader.get(f"/templates/{draft.id}"))


def test_an_approved_one_stays_in_use_while_its_draft_is_written(leader, meta):
    approved = make_template(meta)
    leader.post(f"/templates/{approved.id}/draft", data=FILLED | {"footer": "Bye"})

    kept = template(approved.id)
    assert kept.is_sendable and len(kept.components) == 1
    assert kept.draft["components"][1] == {"type": "FOOTER", "text": "Bye"}
    assert "The approved words stay in use" in said(leader.get(f"/templates/{approved.id}"))


def test_a_discarded_draft_brings_the_approved_words_back(leader, meta):
    approved = make_template(meta)
    leader.post(f"/templates/{approved.id}/draft", data=FILLED)
    leader.post(f"/templates/{approved.id}/discard")
    assert template(approved.id).draft is None
    begun = db.session.scalars(db.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert begun[-2:] == ["template.draft_begun", "template.draft_discarded"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (TemplateStatus.SUBMITTING, "Sent to Meta…"),
        (TemplateStatus.PENDING, "Meta is reading it."),
        (TemplateStatus.APPROVED, "Meta approved it."),
        (TemplateStatus.REJECTED, "Meta rejected it."),
        (TemplateStatus.PAUSED, "Paused by Meta"),
        (TemplateStatus.DISABLED, "It cannot be changed any more."),
        (TemplateStatus.IN_APPEAL, "It can be changed once the answer is in."),
        (TemplateStatus.LIMIT_EXCEEDED, "It cannot be changed any more."),
        (TemplateStatus.ARCHIVED, "It cannot be changed any more."),
        (TemplateStatus.PENDING_DELETION, "Being deleted"),
        (TemplateStatus.UNKNOWN, "It cannot be changed any more."),
    ],
)
def test_each_state_says_what_it_means_and_what_can_be_done(leader, meta, status, words):
    one = make_template(meta, status=status)
    page = said(leader.get(f"/templates/{one.id}"))
    assert words in page and "Clone" in page
    editable = status in ("approved", "rejected", "paused")
    assert ("Submit for approval" in page) == editable


@pytest.mark.parametrize("status", ["submitting", "pending", "disabled"])
def test_a_late_autosave_changes_nothing_once_it_is_away(leader, meta, status):
    one = make_template(meta, status=status)
    answer = leader.post(f"/templates/{one.id}/draft", data=FILLED, headers=AJAX)
    assert answer.status_code == 409
    assert template(one.id).draft is None


def test_the_state_is_fetched_alone_when_it_changes(leader, meta):
    one = make_template(meta, status=TemplateStatus.REJECTED, reason="It shouts.")
    html = said(leader.get(f"/templates/{one.id}/state?shown=pending", headers=AJAX))
    assert "Rejected" in html and "It shouts." in html and "Edit and resubmit" in html
    assert "<html" not in html


def test_a_clone_has_the_words_and_a_free_name(leader, meta):
    one = make_template(meta, status=TemplateStatus.DISABLED)
    make_template(meta, "visit_reminder_copy")
    answer = leader.post(f"/templates/{one.id}/clone")

    copy = template(int(answer.headers["Location"].rpartition("/")[2]))
    assert (copy.name, copy.status) == ("visit_reminder_copy2", "draft")
    assert copy.draft["components"][0]["text"] == BODY


def test_another_language_begins_with_the_same_words(leader, meta):
    one = make_template(meta)
    leader.post(f"/templates/{one.id}/languages", data={"language": "pt_BR"})
    made = db.session.scalar(db.select(MessageTemplate).where(MessageTemplate.language == "pt_BR"))
    assert (made.name, made.status, made.draft["components"][0]["text"]) == (
        "visit_reminder",
        "draft",
        BODY,
    )
    assert "Português (Brasil)" in said(leader.get(f"/templates/{one.id}"))


def test_the_recontact_flag_is_of_all_languages_of_the_name(leader, meta):
    one, other = make_template(meta), make_template(meta, language="de")
    leader.post(f"/templates/{one.id}/recontact", data={"on": "1", "next": "list"})
    assert template(one.id).recontact and template(other.id).recontact


def test_deleting_a_draft_asks_nobody(leader, meta):
    id = make_draft(meta).id
    leader.post(f"/templates/{id}/delete")
    assert template(id) is None


def test_deleting_an_approved_one_is_asked_of_the_provider(leader, meta):
    one = make_template(meta, provider_id="700")
    leader.post(f"/templates/{one.id}/delete")
    assert template(one.id).status == TemplateStatus.PENDING_DELETION


def test_a_deleted_one_is_shown_and_cannot_be_deleted_again(leader, meta):
    one = make_template(meta, status=TemplateStatus.DELETED, deleted_at=utcnow())
    leader.post(f"/templates/{one.id}/delete")
    assert template(one.id).status == TemplateStatus.DELETED
    page = said(leader.get(f"/templates/{one.id}"))
    assert "Clone" in page and "btn--danger push" not in page


def test_a_sample_is_kept_shown_and_taken_away(leader, meta):
    draft = make_draft(meta)
    url = f"/templates/{draft.id}/draft"
    leader.post(url, data=FILLED | {"header": "image"})
    file = (io.BytesIO(picture()), "van.jpg", "image/jpeg")
    answer = leader.post(
        url,
        data=FILLED | {"header": "image", "change": "sample", "sample": file},
        headers=AJAX,
        content_type="multipart/form-data",
    )
    assert "van.jpg" in said(answer)
    assert leader.get(f"/templates/{draft.id}/sample").mimetype == "image/jpeg"
    leader.post(url, data=FILLED | {"header": "image", "change": "drop-sample"})
    assert leader.get(f"/templates/{draft.id}/sample").status_code == 404


def test_a_sample_of_another_kind_is_refused_in_a_sentence(leader, meta):
    draft = make_draft(meta)
    url = f"/templates/{draft.id}/draft"
    leader.post(url, data=FILLED | {"header": "video"})
    file = (io.BytesIO(b"%PDF-1.4 a letter"), "letter.pdf", "application/pdf")
    answer = leader.post(
        url,
        data=FILLED | {"header": "video", "change": "sample", "sample": file},
        headers=AJAX,
        content_type="multipart/form-data",
    )
    assert "Choose an MP4 video." in said(answer)
    assert template(draft.id).draft["media"] is None


def test_an_authentication_template_has_whatsapps_own_words(leader, meta):
    draft = make_draft(meta)
    url = f"/templates/{draft.id}/draft"
    answer = leader.post(url, data=FILLED | {"category": "authentication"}, headers=AJAX)
    assert "WhatsApp writes the text" in said(answer)
    leader.post(url, data={"category": "authentication", "minutes": "10", "security": "on"})
    answer = leader.post(f"/templates/{draft.id}/submit", data={"minutes": "10"})
    assert answer.status_code == 303
    assert {"type": "FOOTER", "code_expiration_minutes": 10} in template(draft.id).draft[
        "components"
    ]


def test_the_list_filters_by_segment_category_account_and_words(leader, meta):
    make_template(meta)
    make_template(meta, "winter_offer", category="marketing", status=TemplateStatus.PENDING)
    make_draft(meta, "spare_part", draft=None)

    def names(query):
        html = said(leader.get(f"/templates?{query}", headers=AJAX))
        known = ("visit_reminder", "winter_offer", "spare_part")
        return [name for name in known if f">{name}<" in html]

    assert names("") == ["visit_reminder", "winter_offer", "spare_part"]
    assert names("status=approved") == ["visit_reminder"]
    assert names("status=review") == ["winter_offer"]
    assert names("status=work") == ["spare_part"]
    assert names("category=marketing") == ["winter_offer"]
    assert names(f"account={meta.id}&q=winter") == ["winter_offer"]
    assert names("q=branch") == ["visit_reminder", "winter_offer"]
    assert names("language=de") == []


def test_a_paused_template_is_told_above_the_list(leader, meta):
    make_template(meta, "how_did_we_do", status=TemplateStatus.PAUSED, reason="Too many blocks.")
    page = said(leader.get("/templates"))
    assert "Meta paused how_did_we_do." in page and "Too many blocks." in page


def test_the_lists_queries_do_not_grow_with_its_rows(leader, meta):
    for number in range(2):
        make_template(meta, f"a{number}")
    with counted_queries() as few:
        leader.get("/templates")
    for number in range(20):
        make_template(meta, f"b{number}")
    with counted_queries() as many:
        leader.get("/templates")
    assert len(many) == len(few)


def test_the_list_leaves_as_csv(leader, meta):
    make_template(meta)
    answer = leader.post("/templates/export", data={"all": "1", "query": ""}, buffered=True)
    assert "visit_reminder" in said(answer)


def test_agents_see_none_of_it(sign_in, cast, meta):
    one = make_template(meta)
    leader = sign_in(cast.ana)
    assert leader.get("/templates").status_code == 403
    assert leader.get(f"/templates/{one.id}").status_code == 403
    assert leader.post(f"/templates/{one.id}/delete").status_code == 403


def test_an_inbound_only_plan_refuses_all_of_it(leader, meta):
    save(Setting(name=plan.SETTING, value={"kind": "inbound"}))
    assert leader.get("/templates").status_code == 403
    assert leader.post("/templates/add").status_code == 403


def test_sync_now_asks_each_business_once(leader, meta):
    assert leader.post("/templates/sync").status_code == 303


def test_a_row_says_what_it_waits_for(leader, meta):
    one = make_template(meta, status=TemplateStatus.REJECTED, reason="It shouts.")
    change(one, synced_at=utcnow())
    assert "It shouts." in said(leader.get("/templates"))


def test_what_was_typed_is_there_again_after_authentication_was_tried(leader, meta):
    draft = make_draft(meta)
    url = f"/templates/{draft.id}/draft"
    typed = FILLED | {
        "header": "text",
        "header_text": "Your visit",
        "buttons": "1",
        "button-0-kind": "url",
        "button-0-text": "Details",
        "button-0-url": "https://example.com/v/{{1}}",
        "example-button-0": "8841",
    }
    leader.post(url, data=typed, headers=AJAX)
    before = template(draft.id).draft

    leader.post(url, data=typed | {"category": "authentication"}, headers=AJAX)
    leader.post(url, data={"category": "authentication", "minutes": "5"}, headers=AJAX)
    between = template(draft.id).draft["components"]
    assert [one["type"] for one in between] == ["BODY", "FOOTER", "BUTTONS"]
    assert "Your visit" not in str(between)

    back = leader.post(url, data={"category": "utility"}, headers=AJAX).text
    assert "Your visit" in back and BODY.split("{{")[0] in back
    assert template(draft.id).draft == before
