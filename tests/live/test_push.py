from webapp.extensions import socketio
from webapp.live import push


def test_workers_speak_in_the_channel_the_web_process_listens_to(app):
    assert push.manager().channel == socketio.server.manager.channel
