"""The passport of a message: all that is known of it, for those who lead, without any secret."""

from datetime import timedelta

import pytest

from tests.factories import META_SECRET, make_interaction, make_message, make_meta_account, save
from tests.support.arriving import DANA, ago, arrive, keep, messages, receipt, said
from tests.support.queries import counted_queries
from tests.support.stubs.meta import fault
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import delivering, passport, sending
from webapp.inbox.models import Attempt, Message, Receipt
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def talk(meta, queue, ana):
    return make_interaction(meta, owner=ana, queue=queue)


@pytest.fixture
def lead(sign_in, sara):
    return sign_in(sara)


def send(talk, ana, text="Your order is on its way"):
    with unit_of_work():
        message_id = sending.write(talk, ana, text, f"key-{text}").id
    delivering.drain(talk.account_id)
    db.session.expire_all()
    return db.session.get(Message, message_id)


def shown(browser, message, **headers):
    answer = browser.get(address(message), headers=headers)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def address(message):
    return f"/inbox/{message.interaction_id}/messages/{message.id}/passport"


def steps_of(message):
    return [step.words for step in passport.of(message).steps]


def test_a_customers_message_shows_its_three_times_and_its_webhook(lead, meta):
    arrive(meta, said("Where is my order?", id="wamid.ask", at=ago(minutes=3)))
    [message] = messages()

    page = shown(lead, message)
    assert "Where is my order?" in page and "wamid.ask" in page
    assert steps_of(message) == ["Received here", "Processed"]
    step = passport.of(message).steps[0]
    assert timedelta(minutes=3) <= step.late < timedelta(minutes=4)
    assert "<b>&#34;messaging_product&#34;</b>" in page
    assert f"Webhook no. {message.payload_id}" in page


def test_an_answer_shows_what_was_asked_what_was_answered_and_each_receipt(
    stub, lead, meta, talk, ana
):
    message = send(talk, ana)
    attempt = db.session.query(Attempt).one()
    for status in ("delivered", "read"):
        arrive(meta, receipt(message.provider_id, status, at=ago(seconds=9)))
    db.session.expire_all()

    page = shown(lead, message)
    assert steps_of(message) == [
        f"Written by {ana.name}",
        "Given to Meta, attempt 1",
        "Accepted by Meta",
        "Delivered, told by webhook",
        "Read, told by webhook",
    ]
    assert attempt.correlation_id in page and message.provider_id in page
    assert "Attempt 1: POST /v26.0/" in page
    assert "&#34;body&#34;" in page and "Answer, HTTP 200" in page
    assert page.count("<summary") == 3  # two receipts' webhooks, one call


def test_a_failure_is_said_in_words_with_its_code(stub, lead, meta, talk, ana):
    message = send(talk, ana)
    arrive(meta, receipt(message.provider_id, "failed", code=131026))
    db.session.expire_all()

    page = shown(lead, message)
    assert "131026" in page and message.error in page
    told = passport.of(message).steps[-1]
    assert (told.words, told.tone) == ("Failed, told by webhook", "bad")
    assert "131026" in told.detail


def test_every_attempt_is_told_apart(stub, lead, meta, talk, ana):
    stub.answers = [fault(131000, status=500)]
    message = send(talk, ana)
    with unit_of_work():
        db.session.get(Message, message.id).retry_at = None
    delivering.drain(meta.id)
    db.session.expire_all()

    message = db.session.get(Message, message.id)
    words = steps_of(message)
    assert words.index("Refused by Meta") < words.index("Given to Meta, attempt 2")
    titles = [raw.title for raw in passport.of(message).raws]
    assert [title.partition(":")[0] for title in titles] == ["Attempt 1", "Attempt 2"]


def test_a_call_without_an_answer_is_said_to_have_none(stub, lead, talk, ana):
    stub.answers = [(0, None, 0)]
    message = send(talk, ana)

    assert "No answer from Meta" in steps_of(message)
    assert "No answer came" in shown(lead, message)


def test_a_webhook_past_its_days_is_said_to_be_gone(lead, meta):
    arrive(meta, said("Hello"))
    [message] = messages()
    with unit_of_work():
        db.session.query(WebhookPayload).delete()

    assert "It is no longer kept." in shown(lead, message)


def test_no_secret_stands_in_it(stub, lead, meta, talk, ana):
    message = send(talk, ana)
    secrets = ("token-1", META_SECRET, "RIGHT-ABC", meta.webhook_token)
    told = '{"api_key":"Key-123456","say":"%s"}' % " ".join(secrets)  # noqa: UP031
    [payload_id] = keep(meta, told.encode(), query=f"token={meta.webhook_token}")
    with unit_of_work():
        account = db.session.get(type(meta), meta.id)
        account.credentials = account.credentials | {"verify_token": "RIGHT-ABC"}
        db.session.get(Message, message.id).payload_id = payload_id
        [attempt] = db.session.query(Attempt)
        attempt.exchanges = [
            {
                "method": "POST",
                "url": f"https://api.example.com/{META_SECRET}",
                "body": f"Authorization: token-1\napi-key=Key-123456\nx={META_SECRET}",
                "status": 400,
                "answer": f'{{"password": "{META_SECRET}"}}',
            }
        ]

    page = shown(lead, message)
    for secret in (*secrets, "Key-123456"):
        assert secret not in page, secret
    assert "token-1" not in passport.of(db.session.get(Message, message.id)).text


def test_what_a_send_keeps_holds_no_credentials(stub, talk, ana):
    send(talk, ana)

    [attempt] = db.session.query(Attempt)
    [exchange] = attempt.exchanges
    assert sorted(exchange) == ["answer", "body", "method", "status", "url"]
    assert "token-1" not in repr(exchange)


def test_what_customers_wrote_is_never_markup(lead, meta):
    arrive(meta, said("<script>alert(1)</script>", name="<b>Dana</b>"))
    [message] = messages()

    page = shown(lead, message)
    assert "<script>alert" not in page and "<b>Dana" not in page


def test_htmx_gets_the_dialog_alone_and_a_browser_a_page(lead, meta):
    arrive(meta, said("Hello"))
    [message] = messages()

    part, page = shown(lead, message, **{"HX-Request": "true"}), shown(lead, message)
    assert "<html" not in part and "data-close-dialog" in part
    assert "<html" in page and f"/inbox/{message.interaction_id}#message-{message.id}" in page
    assert (
        "data-close-dialog"
        not in page.partition('class="card passport')[2].partition("</section")[0]
    )


def test_agents_and_outsiders_get_none_of_it(sign_in, meta, talk, ana, otto, admin):
    message = make_message(talk)

    assert sign_in(ana).get(address(message)).status_code == 403
    assert sign_in(otto).get(address(message)).status_code == 403
    assert sign_in(admin).get(address(message)).status_code == 200


def test_a_message_of_another_conversation_is_not_found(lead, meta, talk, queue):
    stranger = make_message(make_interaction(meta, queue=queue))

    assert lead.get(f"/inbox/{talk.id}/messages/{stranger.id}/passport").status_code == 404
    assert lead.get(f"/inbox/{talk.id}/messages/999999/passport").status_code == 404


def test_only_leaders_find_the_way_to_it(sign_in, sara, ana, talk):
    message = make_message(talk)

    assert address(message) in sign_in(sara).get(f"/inbox/{talk.id}").get_data(as_text=True)
    assert "data-passport" not in sign_in(ana).get(f"/inbox/{talk.id}").get_data(as_text=True)


def test_only_admins_are_led_on_to_the_webhook(sign_in, sara, admin, meta):
    arrive(meta, said("Hello"))
    [message] = messages()

    assert f"/accounts/payloads/{message.payload_id}" in shown(sign_in(admin), message)
    assert "/accounts/payloads/" not in shown(sign_in(sara), message)


def test_many_receipts_cost_no_more_queries_than_few(talk):
    message = make_message(talk, direction="out")

    def tell(count):
        for _ in range(count):
            payload = save(WebhookPayload(account_id=talk.account_id, body=b"{}"))
            save(
                Receipt(
                    account_id=talk.account_id, provider_id=message.provider_id, status="read",
                    recipient=f"{DANA}{payload.id}", at=utcnow(), message_id=message.id,
                    payload_id=payload.id,
                )
            )  # fmt: skip

    def cost():
        db.session.expire_all()
        with counted_queries() as queries:
            passport.of(db.session.get(Message, message.id))
        return len(queries)

    tell(2)
    few = cost()
    tell(20)
    assert cost() == few
    assert passport.of(message).left_out == 12
