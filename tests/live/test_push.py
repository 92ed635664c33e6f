import contextlib
from types import SimpleNamespace

import orjson
import pytest

from webapp.extensions import redis_clients, socketio
from webapp.inbox import summary
from webapp.live import push
from webapp.unit_of_work import unit_of_work

OURS = {"interaction:700", "interaction:800"}


def test_workers_speak_in_the_channel_the_web_process_listens_to(app):
    assert push.manager().channel == socketio.server.manager.channel


def test_what_could_not_be_said_is_said_once_redis_answers_again(app):
    address = app.config["REDIS_URL"]
    redis_clients.init_app(SimpleNamespace(config={"REDIS_URL": "redis://127.0.0.1:1/0"}))
    push.signal_now("interaction:7")
    redis_clients.init_app(SimpleNamespace(config={"REDIS_URL": address}))
    push.signal_now("queue:3")
    assert push.current_seq(["interaction:7", "queue:3"]) == {"interaction:7": 1, "queue:3": 1}


@pytest.fixture
def published(app):
    """What leaves for the web processes about two conversations, as it is on the wire.

    Threads of tests before this one may still say something about others.
    """
    subscriber = redis_clients.hasty.pubsub()
    subscriber.subscribe(push.CHANNEL)
    subscriber.get_message(timeout=5)  # that we listen

    def read():
        found = []
        while message := subscriber.get_message(timeout=0.5):
            found.append(orjson.loads(message["data"]))
        return [said for said in found if OURS & set(said["room"])]

    yield read
    subscriber.close()


def test_what_changed_about_one_conversation_is_said_once_to_all_its_rooms(app, published):
    with unit_of_work():
        summary.announce_row(700, owner_id=3, queue_id=None, message_ids=[70])
        summary.announce_row(700, owner_id=3, queue_id=None, message_ids=[71])
        summary.announce_row(800, owner_id=4, queue_id=None, message_ids=[80])
    first, second = published()
    assert first["room"] == ["interaction:700", "inbox", "user:3"]
    assert first["data"] == [
        [
            {"room": "interaction:700", "seq": 1, "ids": [70, 71]},
            {"room": "inbox", "seq": 1, "ids": [700, 800]},
            {"room": "user:3", "seq": 1, "ids": [700]},
        ]
    ]
    assert second["room"] == ["interaction:800", "user:4"]


def test_nothing_is_said_of_what_was_rolled_back(app, published):
    with contextlib.suppress(ZeroDivisionError), unit_of_work():
        push.changed("interaction:700")
        raise ZeroDivisionError
    assert published() == []
