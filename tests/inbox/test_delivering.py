"""Claim, call, record: against a real server that answers as Meta does."""

import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.factories import change, make_contact, make_interaction, make_meta_account, save
from tests.support.stubs.meta import fault
from webapp import media_store, system
from webapp.accounts.models import AccountDrain, AccountHealth
from webapp.columns import utcnow
from webapp.contacts.models import ContactIdentity
from webapp.extensions import db
from webapp.inbox import delivering, sending
from webapp.inbox.media_models import Attachment
from webapp.inbox.models import Attempt, Interaction, Message, MessageStatus
from webapp.providers.base import ProviderError
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def talk(meta, queue, ana):
    return make_interaction(meta, owner=ana, queue=queue)


def write(talk, ana, *texts):
    with unit_of_work():
        return [sending.write(talk, ana, text, f"{talk.id}-{text}").id for text in texts]


def drain(meta):
    delivering.drain(meta.id)
    db.session.expire_all()


def message(message_id):
    return db.session.get(Message, message_id)


def make_due():
    with unit_of_work():
        db.session.query(Message).update({"retry_at": None})


def test_a_message_goes_out_with_a_correlation_id_of_its_own(stub, meta, talk, ana):
    (written,) = write(talk, ana, "Hello")
    drain(meta)
    sent = message(written)
    attempt = db.session.query(Attempt).one()
    assert (sent.status, sent.provider_id) == (MessageStatus.SENT, "wamid.stub1")
    assert stub.sent[0]["biz_opaque_callback_data"] == attempt.correlation_id
    assert attempt.outcome == "sent"
    assert db.session.get(Interaction, talk.id).last_status == MessageStatus.SENT


def test_one_conversation_leaves_in_the_order_written(stub, meta, talk, ana):
    texts = [f"line {n}" for n in range(12)]
    stub.answers = [(200, None, 0.05 if n % 3 else 0) for n in range(12)]
    write(talk, ana, *texts)
    drain(meta)
    assert stub.texts() == texts


def test_two_workers_send_nothing_twice_and_keep_the_order(app, stub, meta, queue, ana):
    talks = [make_interaction(meta, make_contact(), owner=ana, queue=queue) for _ in range(6)]
    for talk in talks:
        write(talk, ana, *(f"{talk.id}:{n}" for n in range(5)))

    def work(account_id=meta.id):
        with app.app_context():
            delivering.drain(account_id)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    drain(meta)
    assert sorted(stub.texts()) == sorted({f"{t.id}:{n}" for t in talks for n in range(5)})
    for talk in talks:
        mine = [text for text in stub.texts() if text.startswith(f"{talk.id}:")]
        assert mine == sorted(mine)


def test_a_refusal_for_now_is_tried_again_and_holds_up_what_was_written_later(
    stub, meta, talk, ana
):
    stub.answers = [fault(131000, status=500)]
    first, second = write(talk, ana, "one", "two")
    drain(meta)
    assert message(first).status == MessageStatus.QUEUED
    assert message(first).retry_at > utcnow()
    assert message(second).status == MessageStatus.QUEUED
    make_due()
    drain(meta)
    assert stub.texts() == ["one", "one", "two"]
    assert db.session.query(Attempt).filter_by(message_id=first).count() == 2
    assert len({body["biz_opaque_callback_data"] for body in stub.sent}) == 3


def test_tries_come_to_an_end(stub, meta, talk, ana):
    stub.answers = [fault(131000, status=500) for _ in range(10)]
    (written,) = write(talk, ana, "one")
    for _ in range(delivering.MAX_ATTEMPTS + 2):
        make_due()
        drain(meta)
    assert message(written).status == MessageStatus.FAILED
    assert len(stub.sent) == delivering.MAX_ATTEMPTS


def test_a_permanent_refusal_fails_in_words_and_lets_the_next_go(stub, meta, talk, ana):
    stub.answers = [fault(131026)]
    first, second = write(talk, ana, "one", "two")
    drain(meta)
    assert message(first).status == MessageStatus.FAILED
    assert message(first).error_code == "131026"
    assert "WhatsApp" in message(first).error
    assert message(first).contact.unreachable_at is not None
    assert message(second).status == MessageStatus.SENT


@pytest.mark.parametrize("answer", [(0, None, 0), (502, {"gateway": "timeout"}, 0)])
def test_a_call_without_an_answer_is_unknown_and_never_sent_again(stub, meta, talk, ana, answer):
    stub.answers = [answer]
    first, second = write(talk, ana, "one", "two")
    drain(meta)
    make_due()
    drain(meta)
    assert message(first).status == MessageStatus.UNKNOWN
    assert message(second).status == MessageStatus.SENT
    assert stub.texts() == ["one", "two"]


def test_no_connection_is_provably_not_sent(app, meta, talk, ana):
    app.config["META_API_URL"] = "http://127.0.0.1:9"
    (written,) = write(talk, ana, "one")
    drain(meta)
    app.config["META_API_URL"] = "https://graph.facebook.com"
    assert message(written).status == MessageStatus.QUEUED
    assert message(written).retry_at is not None


def test_the_window_is_asked_again_at_the_moment_of_the_call(stub, meta, talk, ana):
    (written,) = write(talk, ana, "late")
    change(talk, window_expires_at=utcnow() - timedelta(seconds=1))
    drain(meta)
    assert stub.sent == []
    assert message(written).status == MessageStatus.FAILED
    assert message(written).error_code == "window_closed"


def test_what_the_gate_refuses_at_the_call_holds_up_nothing_behind_it(stub, meta, talk, ana):
    texts = [f"late {n}" for n in range(3)]
    ids = write(talk, ana, *texts)
    with unit_of_work():
        db.session.query(Message).filter(Message.id.in_(ids)).update({"kind": "order"})
    (fine,) = write(talk, ana, "fine")
    drain(meta)
    assert {message(id).status for id in ids} == {MessageStatus.FAILED}
    assert message(fine).status == MessageStatus.SENT


def test_the_providers_word_on_the_window_closes_it(stub, meta, talk, ana):
    stub.answers = [fault(131047)]
    write(talk, ana, "late")
    drain(meta)
    assert not db.session.get(Interaction, talk.id).window_open()


def test_a_revoked_token_stops_the_account_and_keeps_what_is_queued(stub, meta, talk, queue, ana):
    other = make_interaction(meta, make_contact(), owner=ana, queue=queue)
    stub.answers = [fault(190, status=401), fault(190, status=401)]
    first = write(talk, ana, "one")[0]
    drain(meta)
    later = write(other, ana, "two")[0]
    drain(meta)
    assert message(first).status == message(later).status == MessageStatus.QUEUED
    assert len(stub.sent) == 1
    assert db.session.get(AccountHealth, meta.id).stop_reason


def test_a_call_cut_off_by_a_crash_becomes_unknown(stub, meta, talk, ana):
    (written,) = write(talk, ana, "one")
    assert len(delivering.claim(meta.id, 1)) == 1
    later = utcnow() + timedelta(seconds=delivering.CALL_SECONDS + 1)
    with unit_of_work():
        assert delivering.expire_stale_calls() == 0
        assert delivering.expire_stale_calls(later) == 1
    db.session.expire_all()
    assert message(written).status == MessageStatus.UNKNOWN
    assert db.session.query(Attempt).one().outcome == "unknown"


def test_nothing_leaves_a_restored_database_until_a_person_says_so(stub, meta, talk, ana):
    write(talk, ana, "one")
    with unit_of_work():
        system.hold_sending("restored")
    drain(meta)
    assert stub.sent == []
    with unit_of_work():
        system.release_sending()
    drain(meta)
    assert stub.texts() == ["one"]


def test_no_transaction_is_open_during_the_call(app, stub, meta, talk, ana):
    write(talk, ana, "one")
    stub.answers = [(200, None, 0.5)]
    pool = db.engine.pool
    seen = []

    def look():
        seen.append(pool.checkedout())

    timer = threading.Timer(0.25, look)
    db.session.rollback()
    timer.start()
    delivering.drain(meta.id)
    timer.join()
    assert seen == [0]


@pytest.fixture
def database_refuses():
    """`database_refuses(when)`: statements for which `when(sql)` holds fail, as in a deadlock."""
    listeners = []

    def refuse(when):
        def listen(_connection, _cursor, sql, *_):
            if when(sql):
                raise OperationalError(sql, {}, Exception("deadlock detected"))

        event.listen(db.engine, "before_cursor_execute", listen)
        listeners.append(listen)

    yield refuse
    for listen in listeners:
        event.remove(db.engine, "before_cursor_execute", listen)


def test_an_error_while_claiming_costs_no_answer_of_a_call_under_way(
    stub, meta, talk, queue, ana, database_refuses
):
    other = make_interaction(meta, make_contact(), owner=ana, queue=queue)
    stub.answers = [(200, None, 0), (200, None, 0.6)]
    (quick,), (slow,) = write(talk, ana, "quick"), write(other, ana, "slow")
    claims = []

    def after_the_first(sql):
        if "NOT (EXISTS" in sql:
            claims.append(sql)
        return "NOT (EXISTS" in sql and len(claims) > 1

    database_refuses(after_the_first)
    drain(meta)
    assert message(quick).status == message(slow).status == MessageStatus.SENT


def test_an_answer_that_cannot_be_recorded_takes_no_other_along(stub, meta, queue, ana):
    talks = [make_interaction(meta, make_contact(), owner=ana, queue=queue) for _ in range(3)]
    same = {"messages": [{"id": "wamid.twice"}]}
    stub.answers = [(200, same, 0), (200, same, 0.2), (200, None, 0.4)]
    written = [write(talk, ana, "Hello")[0] for talk in talks]
    drain(meta)
    statuses = sorted(message(one).status for one in written)
    assert statuses == [MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.SENT]


def test_a_hint_beyond_all_reason_pauses_for_a_day_at_most(stub, meta, talk, ana):
    (written,) = write(talk, ana, "Hello")
    (call,) = delivering.claim(meta.id, 1)
    error = ProviderError("Later", permanent=False, retry_after=1e15, account_wide=True)
    with unit_of_work():
        delivering.record(delivering.Answer(call, error=error))
    day = utcnow() + timedelta(days=1)
    assert db.session.get(AccountDrain, meta.id).paused_until <= day
    assert message(written).retry_at <= day


def test_a_user_id_of_another_portfolio_is_nobody_here(stub, meta, queue, ana):
    contact = make_contact()
    with unit_of_work():
        db.session.get(type(contact), contact.id).identities = [
            ContactIdentity(
                kind="bsuid", value=value, scope=scope, match_key=f"bsuid:{scope}:{value}"
            )
            for value, scope in (("US.1", "elsewhere"), ("US.2", meta.portfolio))
        ]
    talk = make_interaction(meta, contact, owner=ana, queue=queue)
    write(talk, ana, "Hello")
    drain(meta)
    assert stub.sent[0]["recipient"] == "US.2"


def with_file(talk, ana, kind="image", mime_type="image/jpeg", caption="", name="lamp.jpg"):
    media_store.put("abc123", io.BytesIO(b"the file"))
    file = save(
        Attachment(
            interaction_id=talk.id, user_id=ana.id, kind=kind, storage_key="abc123",
            mime_type=mime_type, filename=name, size=8, sha256="0" * 64,
        )
    )  # fmt: skip
    with unit_of_work():
        return sending.write_file(talk, ana, file, caption, f"f{file.id}").id


@pytest.fixture
def folder(app, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "MEDIA_DIR", tmp_path)
        yield


def test_a_file_leaves_with_its_bytes_and_its_caption(stub, meta, talk, ana, folder):
    written = with_file(talk, ana, caption="The blue one")
    drain(meta)
    image = stub.sent[0]["image"]
    assert (stub.uploaded[image["id"]], image["caption"]) == (b"the file", "The blue one")
    assert message(written).status == MessageStatus.SENT


def test_a_voice_note_leaves_as_one(stub, meta, talk, ana, folder):
    with_file(talk, ana, "voice", "audio/ogg; codecs=opus", name="")
    drain(meta)
    assert stub.sent[0]["audio"]["voice"] is True


def test_a_caption_of_its_own_comes_after_its_file(stub, meta, talk, ana, folder):
    with_file(talk, ana, "audio", "audio/mpeg", "Listen to this", "jingle.mp3")
    drain(meta)
    assert [body["type"] for body in stub.sent] == ["audio", "text"]


def test_a_file_that_is_no_longer_stored_fails_with_the_reason(stub, meta, talk, ana, folder):
    written = with_file(talk, ana)
    change(db.session.get(Message, written).media, storage_key=None)
    drain(meta)
    failed = message(written)
    assert (failed.status, stub.sent) == (MessageStatus.FAILED, [])
    assert failed.error == "The file of this message is no longer stored."


def test_a_file_on_a_slow_line_is_not_doubtful_yet(stub, meta, talk, ana, folder):
    written = with_file(talk, ana)
    delivering.claim(meta.id, 1)
    now = utcnow()
    with unit_of_work():
        soon = now + timedelta(seconds=delivering.CALL_SECONDS + 1)
        assert delivering.expire_stale_calls(soon) == 0
        late = now + timedelta(seconds=delivering.FILE_CALL_SECONDS + 1)
        assert delivering.expire_stale_calls(late) == 1
    db.session.expire_all()
    assert message(written).status == MessageStatus.UNKNOWN
