from datetime import timedelta

import pytest

from tests.factories import make_interaction
from tests.queues.test_offering import change, hinted, kinds, later, offer, rings
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionEvent, InteractionState
from webapp.queues import offering
from webapp.queues.models import Offer, OfferState, Strategy
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def ringing(account, queue):
    """A conversation that rings everybody."""
    change(queue, strategy=Strategy.BEEP_ALL)
    interaction = make_interaction(account, queue=queue, waiting_since=later(-40))
    offer(queue)
    return interaction


def accept(interaction, user, now=None):
    rows = db.session.query(Offer).filter_by(interaction_id=interaction.id, user_id=user.id)
    row = rows.order_by(Offer.id.desc()).first()
    with unit_of_work():
        offering.accept(row, db.session.get(User, user.id), now)


def take(interaction, user):
    with unit_of_work():
        offering.take(db.session.get(Interaction, interaction.id), db.session.get(User, user.id))


def owner_of(interaction):
    return db.session.get(Interaction, interaction.id).owner_id


def states(interaction):
    rows = db.session.query(Offer).filter_by(interaction_id=interaction.id)
    return {row.user_id: row.state for row in rows}


def test_accepting_makes_the_agent_the_owner_and_stops_the_others(ringing, ana, ben):
    accept(ringing, ana)

    interaction = db.session.get(Interaction, ringing.id)
    assert (interaction.owner_id, interaction.state) == (ana.id, InteractionState.ASSIGNED)
    assert states(ringing) == {ana.id: OfferState.ACCEPTED, ben.id: OfferState.WITHDRAWN}


def test_the_thread_says_who_accepted_and_how_long_the_customer_waited(ringing, ana, queue):
    accept(ringing, ana)

    event = db.session.query(InteractionEvent).one()
    assert (event.kind, event.user_id, event.queue_id) == ("assigned", ana.id, queue.id)
    assert 40 <= event.data["waited"] <= 45


def test_the_slower_one_hears_who_was_faster(ringing, ana, ben):
    accept(ringing, ben, now=utcnow() - timedelta(seconds=2))

    with pytest.raises(offering.Taken, match=r"Ben took this conversation [23] s ago\."):
        accept(ringing, ana)


def test_accepting_twice_changes_nothing(ringing, ana):
    accept(ringing, ana)
    accept(ringing, ana)

    assert kinds(ringing) == ["assigned"]


def test_an_offer_that_rang_out_but_was_not_ended_is_still_good(ringing, ana):
    accept(ringing, ana, now=later(120))

    assert owner_of(ringing) == ana.id


def test_an_offer_that_went_on_to_others_is_no_longer_good(account, queue, ana):
    interaction = make_interaction(account, queue=queue)
    offer(queue)
    offer(queue, later(31))

    with pytest.raises(offering.Taken, match="This offer has ended"):
        accept(interaction, ana)
    assert owner_of(interaction) is None


def test_nobody_accepts_what_rings_somebody_else(ringing, ana, otto):
    row = db.session.query(Offer).filter_by(user_id=ana.id).one()

    with pytest.raises(offering.Taken), unit_of_work():
        offering.accept(row, otto)
    assert owner_of(ringing) is None


def test_a_conversation_past_its_end_is_not_accepted(ringing, ana):
    change(ringing, session_expires_at=later(-1))

    with pytest.raises(offering.Taken, match="has ended"):
        accept(ringing, ana)


def test_a_full_agent_is_told_so_and_the_others_go_on_ringing(ringing, account, ana, ben):
    change(ana, capacity=1)
    make_interaction(account, owner=ana)

    with pytest.raises(offering.Full, match="places are taken"):
        accept(ringing, ana)
    assert rings(ringing) == [ana.id, ben.id]


def test_places_freed_by_somebody_elses_accept_are_used(ringing, account, queue, ana, ben):
    make_interaction(account, queue=queue)
    accept(ringing, ana)

    assert hinted(queue)


def test_a_member_takes_what_waits_without_being_rung(account, queue, ana, ben):
    interaction = make_interaction(account, queue=queue)
    offer(queue)
    take(interaction, ben)

    assert owner_of(interaction) == ben.id
    assert states(interaction) == {ana.id: OfferState.WITHDRAWN}
    assert kinds(interaction) == ["taken"]


def test_an_outsider_takes_nothing(account, queue, otto):
    interaction = make_interaction(account, queue=queue)

    with pytest.raises(offering.Taken):
        take(interaction, otto)


def test_an_agent_does_not_take_what_a_colleague_has(account, queue, ana, ben):
    interaction = make_interaction(account, owner=ana, queue=queue, assigned_at=utcnow())

    with pytest.raises(offering.Taken, match="Ana took this conversation"):
        take(interaction, ben)


def test_an_agent_without_a_place_takes_nothing(account, queue, ana):
    change(ana, capacity=1)
    make_interaction(account, owner=ana)

    with pytest.raises(offering.Full):
        take(make_interaction(account, queue=queue), ana)


def test_a_leader_takes_over_and_the_former_owner_has_a_place_again(account, queue, ana, sara):
    interaction = make_interaction(account, owner=ana, queue=queue)
    make_interaction(account, queue=queue)
    take(interaction, sara)

    assert owner_of(interaction) == sara.id
    assert hinted(queue)


def test_nobody_takes_what_is_closed(account, queue, sara):
    interaction = make_interaction(account, queue=queue, state=InteractionState.CLOSED)

    with pytest.raises(offering.Taken, match="has ended"):
        take(interaction, sara)
