"""A customer's message reaches an agent and the answer goes back, through the real processes."""

import re
from datetime import timedelta

import pytest

from tests import factories
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Attempt, Interaction, InteractionState, Message, MessageStatus
from webapp.queues.models import Offer, OfferState

pytestmark = pytest.mark.slow


class Agent:
    """Somebody signed in over HTTP, with the page's own CSRF token."""

    def __init__(self, live, user):
        self.live = live
        self.browser = live.sign_in(user)
        page = self.get("/").text
        self.token = re.search(r'"X-CSRFToken": ?"([^"]+)"', page.replace("&#34;", '"')).group(1)

    def get(self, path):
        return self.browser.get(self.live.url + path, timeout=10)

    def post(self, path, **fields):
        return self.browser.post(
            self.live.url + path,
            data={"csrf_token": self.token, **fields},
            allow_redirects=False,
            timeout=10,
        )


@pytest.fixture
def ana_online(live_server):
    live_server.change(live_server.cast.ben, presence="offline")
    return Agent(live_server, live_server.cast.ana)


def accepted(live, agent):
    offer = live.until(lambda: db.session.query(Offer).filter_by(state=OfferState.OPEN).first())
    answer = agent.post(f"/offers/{offer.id}/accept")
    assert answer.status_code == 303
    return db.session.get(Interaction, offer.interaction_id)


def test_a_message_is_offered_accepted_answered_and_read(live_server, ana_online):
    live_server.customer_writes("Is the Harbour Street branch open on Sunday?")
    talk = accepted(live_server, ana_online)
    assert "Harbour Street" in ana_online.get(f"/inbox/{talk.id}").text

    for _ in range(2):  # a double click
        answer = ana_online.post(
            f"/inbox/{talk.id}/reply", text="Yes, from ten to four.", client_key="key-1"
        )
        assert answer.status_code in (200, 303), answer.text
    attempt = live_server.until(lambda: db.session.query(Attempt).filter_by(outcome="sent").first())
    assert live_server.stub.texts() == ["Yes, from ten to four."]

    for status in ("read", "delivered", "sent"):  # in the wrong order
        live_server.receipt(status, attempt.provider_id, attempt.correlation_id)
    live_server.until(lambda: db.session.query(Message).filter_by(status="read").count() == 1)

    assert ana_online.post(f"/inbox/{talk.id}/close").status_code == 303
    db.session.rollback()
    assert db.session.get(Interaction, talk.id).state == InteractionState.CLOSED


def test_a_session_ends_by_itself_and_the_next_message_opens_a_new_one(live_server, ana_online):
    live_server.customer_writes("First")
    talk = accepted(live_server, ana_online)
    factories.change(
        db.session.get(Interaction, talk.id),
        session_expires_at=utcnow() - timedelta(seconds=1),
        window_expires_at=utcnow() - timedelta(seconds=1),
    )
    late = ana_online.post(f"/inbox/{talk.id}/reply", text="Too late", client_key="late")
    assert late.status_code in (409, 422)
    live_server.until(
        lambda: db.session.get(Interaction, talk.id).state == InteractionState.CLOSED, 40
    )
    live_server.customer_writes("Second")
    new = live_server.until(
        lambda: db.session.query(Interaction).filter(Interaction.id > talk.id).first()
    )
    assert new.previous_id == talk.id
    assert live_server.stub.sent == []


def test_after_redis_lost_everything_messages_still_arrive_and_leave(live_server, ana_online):
    live_server.customer_writes("Before")
    talk = accepted(live_server, ana_online)
    live_server.redis.flushdb()
    live_server.customer_writes("After")
    ana_online.post(f"/inbox/{talk.id}/reply", text="Here I am", client_key="k")
    live_server.redis.flushdb()
    live_server.until(
        lambda: db.session.query(Message).filter_by(status=MessageStatus.SENT).count() == 1
    )
    assert db.session.query(Message).filter_by(direction="in").count() == 2
