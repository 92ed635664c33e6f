"""What browsers say over Socket.IO: which rooms they watch, that they type, that they live."""

import threading

from flask import request
from flask_login import current_user
from flask_socketio import ConnectionRefusedError, disconnect, join_room, leave_room
from redis.exceptions import RedisError

from webapp import metrics
from webapp.extensions import socketio
from webapp.live import push
from webapp.staff import access, presence

TOUCH_EVERY = 10
MOST_ROOMS = 40

_people = {}  # sid → user id, of this process
_touching = threading.Lock()


def init_app(app):
    """Register the socket's events."""
    socketio.on_event("connect", connect)
    socketio.on_event("disconnect", gone)
    socketio.on_event("watch", watch)
    socketio.on_event("unwatch", unwatch)
    socketio.on_event("typing", typing)
    socketio.on_event("beat", beat)


def connect(auth=None):
    if not current_user.is_authenticated:
        raise ConnectionRefusedError("signed out")
    _people[request.sid] = user_id = current_user.id
    presence.connected(user_id)
    metrics.state("parley_sockets", len(_people))
    _keep_touching()


def gone(reason=None):
    _people.pop(request.sid, None)


def watch(message):
    """Join a room and learn its last number; {} where this person may not listen."""
    room = _room(message)
    if not _still_signed_in() or room is None or not access.may_watch(current_user, room):
        return {}
    join_room(room)
    return {"seq": _current([room]).get(room)}


def unwatch(message):
    room = _room(message)
    if room is not None:
        leave_room(room)


def typing(message):
    """Colleagues who look at the same conversation learn who is writing, not what."""
    number = message.get("interaction") if isinstance(message, dict) else None
    room = f"interaction:{number}"
    if isinstance(number, int) and _still_signed_in() and access.may_watch(current_user, room):
        facts = {"interaction": number, "user": _people.get(request.sid)}
        socketio.emit("typing", facts, room=room, skip_sid=request.sid)


def beat(message):
    """The numbers of the rooms a page watches, so that it notices what it missed."""
    if not _still_signed_in():
        return {}
    rooms = message.get("rooms") if isinstance(message, dict) else None
    wanted = [room for room in rooms if isinstance(room, str)] if isinstance(rooms, list) else []
    return {"seqs": _current([room for room in wanted[:MOST_ROOMS] if _still_watches(room)])}


def _room(message):
    room = message.get("room") if isinstance(message, dict) else None
    return room if isinstance(room, str) and len(room) < 80 else None


def _still_watches(room):
    """Who may no longer see a conversation stops hearing of it, whatever the page has open."""
    if room not in socketio.server.rooms(request.sid):
        return False
    if not access.may_watch(current_user, room):
        leave_room(room)
        return False
    return True


def _still_signed_in():
    """Each event loads its person anew: a sign-in ended elsewhere ends this socket too."""
    if not current_user.is_authenticated:
        disconnect()
    return current_user.is_authenticated


def _current(rooms):
    try:
        return push.current_seq(rooms) if rooms else {}
    except RedisError:
        return {}


def _keep_touching():
    """One task of this process says that its people are connected, while any are."""
    if _touching.acquire(blocking=False):
        socketio.start_background_task(_touch_people)


def _touch_people():
    try:
        while _people:
            socketio.sleep(TOUCH_EVERY)
            presence.touch(sorted(set(_people.values())))
            metrics.state("parley_sockets", len(_people))
    finally:
        _touching.release()
