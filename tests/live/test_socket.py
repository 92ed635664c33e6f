"""The socket of the running product: who may connect, what one may watch, how a gap is noticed."""

import http.client
import time

import pytest
import socketio

from tests import factories
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.live import push
from webapp.staff import presence, signing_in
from webapp.staff.models import Presence, SignIn, User
from webapp.unit_of_work import unit_of_work

pytestmark = pytest.mark.slow


@pytest.fixture
def cast(live_server):
    return live_server.cast


@pytest.fixture
def connect(live_server):
    """`connect(user)` gives a socket of that person's browser; nobody's without a user."""
    clients = []

    def connected(user=None):
        client = socketio.Client(reconnection=False)
        clients.append(client)
        cookies = cookies_of(live_server, user) if user else ""
        client.connect(live_server.url, headers={"Cookie": cookies}, transports=["websocket"])
        return client

    yield connected
    for client in clients:
        client.disconnect()


def cookies_of(live, user):
    return "; ".join(f"{name}={value}" for name, value in live.sign_in(user).cookies.items())


@pytest.fixture
def talk(cast, live_server):
    return factories.make_interaction(live_server.account, owner=cast.ana, queue=cast.queue)


def watch(client, room):
    return client.call("watch", {"room": room}, timeout=10)


def test_without_a_sign_in_nobody_connects(connect):
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect()


def test_rooms_of_ones_own_are_watched_and_numbered(connect, cast, talk, live_server):
    live_server.redis.set(push.seq_key(f"interaction:{talk.id}"), 2)
    client = connect(cast.ana)
    assert watch(client, f"interaction:{talk.id}") == {"seq": 2}
    assert watch(client, f"user:{cast.ana.id}") == {"seq": 0}


def test_a_browsers_offer_to_compress_each_message_is_not_taken(live_server):
    offered = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Origin": live_server.url,
    }
    connection = http.client.HTTPConnection(live_server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=offered)
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 101
    assert "Sec-WebSocket-Extensions" not in answer.headers


@pytest.mark.parametrize(
    "room",
    [
        "inbox", "interaction:{talk}", "user:{ana}", "queue:{queue}", "account:1", "sandbox:1",
        "campaigns", "campaign:1",
        "interaction:999999", f"interaction:{10**30}",
        "interaction:", "interaction:1 OR 1=1", "", "nonsense", "user:٣",
    ],
)  # fmt: skip
def test_an_outsider_may_watch_nothing_of_others(connect, cast, talk, room):
    client = connect(cast.otto)
    name = room.format(talk=talk.id, ana=cast.ana.id, queue=cast.queue.id)
    assert watch(client, name) == {}


@pytest.mark.parametrize("message", [7, "inbox", {}, {"room": None}, {"room": ["inbox"]}])
def test_nonsense_is_no_room(connect, cast, message):
    assert connect(cast.sara).call("watch", message, timeout=10) == {}


def test_a_heartbeat_answers_the_numbers_of_watched_rooms_only(connect, cast, talk, live_server):
    client = connect(cast.ana)
    room = f"interaction:{talk.id}"
    watch(client, room)
    for name in (room, "inbox"):
        live_server.redis.incr(push.seq_key(name))
    answer = client.call("beat", {"rooms": [room, "inbox", 5]}, timeout=10)
    assert answer == {"seqs": {room: 1}}


def test_whoever_may_no_longer_see_a_conversation_stops_hearing_of_it(connect, cast, talk):
    room, heard = f"interaction:{talk.id}", {"ana": [], "sara": []}
    ana, sara = connect(cast.ana), connect(cast.sara)
    for name, client in (("ana", ana), ("sara", sara)):
        client.on("changed", heard[name].append)
        watch(client, room)
    with unit_of_work():
        there = db.session.get(Interaction, talk.id)
        there.owner_id, there.queue_id = cast.sara.id, None
    assert ana.call("beat", {"rooms": [room]}, timeout=10) == {"seqs": {}}
    push.signal_now(room)
    wait_until(lambda: heard["sara"])
    ana.call("beat", {"rooms": []}, timeout=10)  # what was sent before its answer has come by now
    assert heard["ana"] == []


def test_each_signal_has_the_next_number(cast):
    for _ in range(3):
        push.signal_now("queue:1")
    assert push.current_seq(["queue:1"]) == {"queue:1": 3}


def test_a_sign_in_ended_elsewhere_ends_the_socket(connect, cast):
    client = connect(cast.ana)
    with unit_of_work():
        for there in db.session.query(SignIn):
            signing_in.end(there)
    client.emit("beat", {"rooms": []})
    wait_until(lambda: not client.connected)


def test_whoever_connects_is_there_again(connect, cast, live_server):
    user_id = cast.ana.id
    cookies = cookies_of(live_server, cast.ana)
    with unit_of_work():
        presence.lost(user_id)
    client = socketio.Client(reconnection=False)
    client.connect(live_server.url, headers={"Cookie": cookies}, transports=["websocket"])
    live_server.until(lambda: db.session.get(User, user_id).presence == Presence.AVAILABLE)
    assert live_server.redis.get(presence.seen_key(user_id))
    client.disconnect()


def test_a_change_reaches_whoever_watches_its_room_with_ids_and_no_text(connect, cast, live_server):
    client, heard = connect(cast.ana), []
    client.on("changed", heard.append)
    watch(client, f"user:{cast.ana.id}")
    watch(client, f"queue:{cast.queue.id}")
    live_server.customer_writes("A secret")
    wait_until(lambda: heard)
    assert all(set(signal) == {"room", "seq", "ids"} for signals in heard for signal in signals)
    assert "secret" not in str(heard)


def test_colleagues_learn_who_is_writing(connect, cast, talk):
    ana, ben, heard = connect(cast.ana), connect(cast.ben), []
    ben.on("typing", heard.append)
    for client in (ana, ben):
        watch(client, f"interaction:{talk.id}")
    ana.emit("typing", {"interaction": talk.id})
    wait_until(lambda: heard)
    assert heard == [{"interaction": talk.id, "user": cast.ana.id}]


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
