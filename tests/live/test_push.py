from types import SimpleNamespace

from webapp.extensions import redis_clients, socketio
from webapp.live import push


def test_workers_speak_in_the_channel_the_web_process_listens_to(app):
    assert push.manager().channel == socketio.server.manager.channel


def test_what_could_not_be_said_is_said_once_redis_answers_again(app):
    address = app.config["REDIS_URL"]
    redis_clients.init_app(SimpleNamespace(config={"REDIS_URL": "redis://127.0.0.1:1/0"}))
    push.signal_now("interaction:7")
    redis_clients.init_app(SimpleNamespace(config={"REDIS_URL": address}))
    push.signal_now("queue:3")
    assert push.current_seq(["interaction:7", "queue:3"]) == {"interaction:7": 1, "queue:3": 1}
