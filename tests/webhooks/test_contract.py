"""What every provider's accounts do with webhooks and files, from the door to the database."""

from functools import partial

import pytest

from tests.factories import make_account
from tests.providers.casts import CASTS, META
from tests.support.arriving import at_once, interactions, messages
from tests.support.files import picture
from tests.webhooks.callers import account_columns, ring, signed
from tests.webhooks.far_side import Elsewhere, message_of, without_our_id, write
from tests.webhooks.posting import kept
from webapp import media_store
from webapp.accounts.access_points import provider_of
from webapp.extensions import db
from webapp.inbox import delivering, media
from webapp.inbox.media_models import Media
from webapp.inbox.models import MessageStatus, Receipt
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

PICTURE = picture(size=(40, 30))
CALLERS = {name: facts for name, facts in CASTS.items() if facts.own_address}


@pytest.fixture
def account(facts, queue):
    return make_account(queue, facts.provider, **account_columns(facts))


# ── signatures ──


def test_every_sample_is_taken_with_its_proof_and_with_no_other(client, facts, account):
    for name, call in facts.samples().items():
        good = signed(account, call)
        wrong = signed(account, call, secret="another")
        assert ring(client, account, call, headers={}).status_code == 403, name
        assert ring(client, account, call, headers=wrong).status_code == 403, name
        assert ring(client, account, call, headers=good).status_code == 200, name
    assert len(kept()) == len(facts.samples())


def test_a_changed_body_is_refused_where_the_body_is_signed(client, facts, account):
    first, second = (facts.batch([text])[0] for text in ("One", "Two"))
    answer = ring(client, account, second, headers=signed(account, first))
    assert answer.status_code == (403 if facts.signs_body else 200)


def test_the_token_in_the_path_is_asked_for_before_any_signature(client, facts, account):
    call = facts.call(facts.text)
    answer = client.post(
        f"/webhooks/{facts.provider}/guessed", data=call.body, headers=signed(account, call)
    )
    assert answer.status_code == 404
    assert kept() == []


def test_each_hears_what_it_expects_and_no_proxy_keeps_it(client, facts, account):
    answer = ring(client, account, facts.call(facts.text))
    status, text, kind = provider_of(account).answer
    assert (answer.status_code, answer.text, answer.mimetype) == (status, text, kind)
    assert answer.headers["Cache-Control"] == "no-store"


# ── duplicates, batches, the unknown ──


def test_a_message_that_comes_again_and_again_counts_once(app, side):
    assert side.says("Hello") == 200
    side.drain()
    assert [side.again(), side.again(), side.again()] == [200] * 3
    id = side.account.id
    at_once(app, *[partial(draining.drain, id)] * 3)
    side.drain()
    assert [found.text for found in messages()] == ["Hello"]
    assert len(kept()) == 4


def test_three_copies_at_once_are_one_message(app, side):
    side.says("Hello")
    side.again(), side.again()
    id = side.account.id
    at_once(app, *[partial(draining.drain, id)] * 3)
    side.drain()
    assert [found.text for found in messages()] == ["Hello"]
    assert len(interactions()) == 1


def test_a_receipt_that_comes_again_counts_once(side, talk, ana):
    id = write(talk, ana)
    delivering.drain(side.account.id)
    for _ in range(3):
        assert side.tells("delivered", side.taken[-1]) == 200
    side.drain()
    assert side.again() == 200
    side.drain()
    assert [found.status for found in db.session.query(Receipt)] == ["delivered"]
    assert message_of(id).status == MessageStatus.DELIVERED


def test_several_messages_stand_in_their_order(client, facts, account):
    texts = [f"Line {number}" for number in range(12)]
    for call in facts.batch(texts):
        assert ring(client, account, call).status_code == 200
    draining.drain(account.id)
    assert [found.text for found in messages()] == texts
    (talk,) = interactions()
    assert talk.unread == 12


def test_news_nobody_knows_is_shown_to_admins_and_blocks_nothing(
    client, facts, account, sign_in, admin
):
    assert ring(client, account, facts.novelty).status_code == 200
    (good,) = facts.batch(["After it"])
    assert ring(client, account, good).status_code == 200
    draining.drain(account.id)
    odd, fine = kept()
    assert odd.processed_at
    assert odd.note
    assert (fine.error, fine.note) == (None, None)
    assert [found.text for found in messages()] == ["After it"]
    page = sign_in(admin).get(f"/accounts/payloads/{odd.id}")
    assert page.status_code == 200
    assert "Kept and not acted on" in page.text


def test_a_message_of_a_kind_nobody_knows_is_seen_by_agents(client, facts, account, sign_in, sara):
    ring(client, account, facts.unknown_kind)
    draining.drain(account.id)
    (found,), (talk,) = messages(), interactions()
    assert found.kind == "unsupported"
    page = sign_in(sara).get(f"/inbox/{talk.id}")
    assert page.status_code == 200
    assert f'id="message-{found.id}"' in page.text or "nsupported" in page.text


# ── receipts ──


@pytest.mark.parametrize("named", [lambda taken: taken, without_our_id], ids=["ours", "theirs"])
def test_a_receipt_before_its_answer_is_kept_and_settled(side, talk, ana, named):
    """The call is under way: the receipt is here, the answer isn't written down yet."""
    id = write(talk, ana)
    (call,) = delivering.claim(side.account.id, 5)
    sent = provider_of(side.account).send(call.command, call.correlation_id)
    db.session.rollback()
    assert side.tells("delivered", named(side.taken[-1])) == 200
    side.drain()
    with unit_of_work():
        delivering.record(delivering.Answer(call, sent=sent))
    found = message_of(id)
    assert (found.status, found.provider_id) == (MessageStatus.DELIVERED, sent.id)
    assert db.session.query(Receipt).one().message_id == id


def test_receipts_climb_in_any_order(side, talk, ana):
    id = write(talk, ana)
    delivering.drain(side.account.id)
    for status in ("read", "delivered", "sent"):
        assert side.tells(status, side.taken[-1]) == 200
        side.drain()
        assert message_of(id).status == MessageStatus.READ


# ── files ──


def test_a_file_is_fetched_into_the_store(side):
    assert side.sends_file(PICTURE, "image/jpeg") == 200
    side.drain()
    (found,) = messages()
    assert (found.kind, found.media.state) == ("image", "pending")
    media.fetch(found.media.id)
    db.session.expire_all()
    file = db.session.query(Media).one()
    assert (file.state, file.mime_type, file.size) == ("ready", "image/jpeg", len(PICTURE))
    with media_store.open(file.storage_key) as content:
        assert content.read() == PICTURE
    assert file.thumbnail_key


@pytest.mark.parametrize("facts", CALLERS.values(), ids=CALLERS)
def test_no_credential_goes_to_another_host(side, facts):
    elsewhere = Elsewhere(PICTURE, "image/jpeg")
    side.sends_file(PICTURE, "image/jpeg")
    side.leads_files_to(elsewhere)
    side.drain()
    media.fetch(messages()[0].media.id)
    elsewhere.close()
    db.session.expire_all()
    fetched = db.session.query(Media).one().state == "ready"
    # Meta's files lie with Meta: from anywhere else on this machine nothing is fetched at all.
    assert (fetched, len(elsewhere.asked)) == ((False, 0) if facts is META else (True, 1))
    for told in elsewhere.asked:
        assert not [secret for secret in side.secrets if secret in told]
        assert "authorization" not in told.lower()
        assert "api-key" not in told.lower()
