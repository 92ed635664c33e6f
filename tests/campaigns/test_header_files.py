"""A header's file: handed over once for all recipients and all senders, renewed before it ends."""

import io
import threading
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from webapp import media_store
from webapp.accounts.models import Account
from webapp.campaigns.messages import header_files
from webapp.campaigns.messages.header_files import NotYet, header_for
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers.base import ProviderError

PICTURE = b"\x89PNG picture"
MEDIA = {
    "key": "header-1.png",
    "mime_type": "image/png",
    "filename": "slot machine.png",
    "size": len(PICTURE),
}
BUSY = (500, {"error": {"code": 131000, "message": "Something went wrong"}}, 0)
WRONG = (400, {"error": {"code": 131053, "message": "Media upload error"}}, 0)


@pytest.fixture
def meta(app, stub):
    media_store.put(MEDIA["key"], io.BytesIO(PICTURE))
    return factories.make_meta_account()


@pytest.fixture
def kaleyra(app):
    media_store.put(MEDIA["key"], io.BytesIO(PICTURE))
    return factories.make_account(
        provider="kaleyra", credentials={"sid": "HX1EU", "api_key": "A1", "region": "eu"}
    )


def test_it_is_uploaded_once_and_named_ever_after(meta, stub):
    files = [header_for(meta, MEDIA) for _ in range(3)]
    assert [*stub.uploaded.values()] == [PICTURE]
    assert {file.media_id for file in files} == {*stub.uploaded}


def test_each_account_has_an_upload_of_its_own(meta, stub):
    header_for(meta, MEDIA)
    other = factories.make_account(
        provider="meta", waba_id=meta.waba_id, phone_number_id=meta.phone_number_id,
        credentials=meta.credentials,
    )  # fmt: skip
    header_for(other, MEDIA)
    assert len(stub.uploaded) == 2


def test_it_is_renewed_before_the_provider_forgets_it(meta, stub):
    now = utcnow()
    first = header_for(meta, MEDIA).media_id
    with time_machine.travel(now + timedelta(days=26)):
        assert header_for(meta, MEDIA).media_id == first
    with time_machine.travel(now + timedelta(days=28)):
        assert header_for(meta, MEDIA).media_id != first
    assert len(stub.uploaded) == 2


def test_a_sender_takes_what_is_at_hand_and_is_told_when_to_have_it_renewed(meta, stub):
    now = utcnow()
    assert header_files.at_hand(meta, MEDIA) == (None, True)
    media_id = header_for(meta, MEDIA).media_id
    for days, due in ((26, False), (28, True)):
        with time_machine.travel(now + timedelta(days=days)):
            file, is_due = header_files.at_hand(meta, MEDIA)
            assert (file.media_id, is_due) == (media_id, due)
    assert len(stub.uploaded) == 1


def test_senders_that_begin_together_upload_it_once(app, meta, stub):
    stub.upload_answers, account_id, got = [], meta.id, []
    db.session.rollback()

    def begin():
        with app.app_context():
            try:
                got.append(header_for(db.session.get(Account, account_id), MEDIA).media_id)
            except NotYet:
                got.append(None)

    threads = [threading.Thread(target=begin) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stub.uploaded) == 1
    assert {*stub.uploaded} <= {*got}


def test_while_another_sender_uploads_it_a_former_upload_still_does(meta, stub):
    now = utcnow()
    first = header_for(meta, MEDIA).media_id
    with time_machine.travel(now + timedelta(days=28)):
        assert header_files._is_mine_to_renew((meta.id, MEDIA["key"]), utcnow(), timedelta(days=3))
        assert header_for(meta, MEDIA).media_id == first
    with time_machine.travel(now + timedelta(days=31), tick=False):
        assert header_files._is_mine_to_renew((meta.id, MEDIA["key"]), utcnow(), timedelta(days=3))
        with pytest.raises(NotYet):
            header_for(meta, MEDIA)


def test_an_upload_that_failed_for_now_is_tried_again_in_some_seconds(meta, stub):
    now = utcnow()
    stub.upload_answers = [BUSY]
    with time_machine.travel(now, tick=False):
        for _ in range(2):
            with pytest.raises(NotYet):
                header_for(meta, MEDIA)
        assert stub.uploaded == {}
    with time_machine.travel(now + timedelta(seconds=11)):
        assert header_for(meta, MEDIA).media_id in stub.uploaded


def test_a_file_the_provider_refuses_is_an_error(meta, stub):
    stub.upload_answers = [WRONG]
    with pytest.raises(ProviderError) as refused:
        header_for(meta, MEDIA)
    assert refused.value.permanent
    assert refused.value.code == "131053"


def test_whoever_died_over_an_upload_is_not_waited_for(meta, stub):
    now = utcnow()
    header_files._is_mine_to_renew((meta.id, MEDIA["key"]), now, timedelta(days=3))
    with pytest.raises(NotYet):
        header_for(meta, MEDIA)
    with time_machine.travel(now + timedelta(minutes=6)):
        assert header_for(meta, MEDIA).media_id in stub.uploaded


# Where nothing is uploaded


def test_kaleyra_fetches_one_address_for_all_recipients(client, kaleyra):
    files = [header_for(kaleyra, MEDIA) for _ in range(2)]
    assert files[0].url == files[1].url
    assert files[0].url.endswith("/slot%20machine.png")
    answer = client.get(files[0].url)
    assert answer.data == PICTURE
    assert answer.content_type == "image/png"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_address_is_renewed_before_it_no_longer_holds(client, kaleyra):
    now = utcnow()
    first = header_for(kaleyra, MEDIA).url
    with time_machine.travel(now + timedelta(hours=47)):
        second = header_for(kaleyra, MEDIA).url
        assert client.get(first).status_code == 200
    with time_machine.travel(now + timedelta(hours=49)):
        assert client.get(first).status_code == 404
        assert client.get(second).status_code == 200


def test_an_address_we_did_not_make_leads_nowhere(client, kaleyra):
    url = header_for(kaleyra, MEDIA).url
    assert client.get(url.replace("/headers/", "/headers/x")).status_code == 404
    media_store.delete(MEDIA["key"])
    assert client.get(url).status_code == 404
