"""Every figure counted from raw events, one event after the other: slow, and plain to see."""

from collections import Counter, defaultdict
from itertools import pairwise
from zoneinfo import ZoneInfo


def day(at, zone):
    return at.astimezone(ZoneInfo(zone)).date()


def seconds(start, end):
    return max(0, int(end.timestamp()) - int(start.timestamp()))


def waits(history):
    """(ended at, queue, seconds, how it ended) of each time somebody waited in a queue."""
    for talk in history.conversations:
        for step, after in _with_next(talk):
            if step.phase == "waiting" and after is not None:
                yield after, step.queue, seconds(step.at, after), _end(talk, step)


def _with_next(talk):
    ends = [step.at for step in talk.steps[1:]] + [talk.close.at if talk.close else None]
    return list(zip(talk.steps, ends, strict=True))


def _end(talk, step):
    if step is not talk.steps[-1]:
        return step.outcome
    return "abandoned" if is_abandoned(talk) else "closed"


def first_accept(talk):
    return next((step.at for step in talk.steps if step.agent), None)


def is_abandoned(talk):
    return bool(talk.close) and first_accept(talk) is None and talk.close.reason != "merged"


def by_day_and_queue(history, zone):
    """{(queue, day): Counter} of what ended."""
    service = {queue.id: queue.service_seconds for queue in history.queues}
    found = {}
    for at, queue, took, how in waits(history):
        sums = found.setdefault((queue, day(at, zone)), Counter())
        sums["waiting_ended"] += 1
        if how == "accepted":
            sums["accepted"] += 1
            sums["wait_seconds"] += took
            sums["accepted_in_time"] += took <= service[queue]
        elif how == "timed_out":
            sums["timed_out"] += 1
        elif how == "abandoned":
            sums["abandoned_waiting"] += 1
    for talk in history.conversations:
        for step, ended_at in _with_next(talk)[:-1]:
            if step.agent and step.outcome == "moved":
                sums = found.setdefault((step.queue, day(ended_at, zone)), Counter())
                sums["handed_over"] += 1
        if not talk.close:
            continue
        last = talk.steps[-1]
        sums = found.setdefault((last.queue, day(talk.close.at, zone)), Counter())
        sums["closed"] += 1
        sums["expired"] += talk.close.reason == "timeout"
        sums["abandoned"] += is_abandoned(talk)
        if first_accept(talk):
            sums["handled"] += 1
            sums["handle_seconds"] += seconds(first_accept(talk), talk.close.at)
    return {key: +sums for key, sums in found.items() if +sums}


def handed_over(history):
    """(at, giver, taker or None, queue it is in then) of each time a conversation left a person's
    hands without ending."""
    for talk in history.conversations:
        for step, after in pairwise(talk.steps):
            if step.agent and step.outcome == "moved":
                yield after.at, step.agent, after.agent, after.queue


def outcomes(history):
    """(at, path, account, queue, agent) of each close, by what somebody chose then."""
    for talk in history.conversations:
        if talk.close:
            last = talk.steps[-1]
            yield talk.close.at, talk.close.outcome, talk.account, last.queue, last.agent


def replies(history, zone):
    """{(agent, day): [seconds to the first reply]}"""
    found = {}
    for talk in history.conversations:
        if talk.reply:
            took = seconds(talk.steps[0].at, talk.reply.at)
            found.setdefault((talk.reply.agent, day(talk.reply.at, zone)), []).append(took)
    return found


def messages(history, zone):
    """{(account, day): Counter}"""
    found = {}
    for message in history.messages:
        sums = found.setdefault((message.account, day(message.at, zone)), Counter())
        if message.direction == "in":
            sums["received"] += 1
            continue
        sums["sent"] += message.status in ("sent", "delivered", "read")
        sums["delivered"] += message.status in ("delivered", "read")
        for status in ("read", "failed", "unknown"):
            sums[status] += message.status == status
    return {key: +sums for key, sums in found.items() if +sums}


def offers(history, zone):
    """{(agent, day): Counter}"""
    found = {}
    for offer in history.offers:
        sums = found.setdefault((offer.agent, day(offer.at, zone)), Counter())
        sums[OFFERS[offer.state]] += 1
    return found


OFFERS = {"accepted": "offers_accepted", "passed": "passed", "lapsed": "missed"}


def of_day(history, zone, today, whose):
    """{account, queue or agent: Counter} of what the board shows of one local day."""
    found = defaultdict(Counter)

    def on(at, account, queue, agent):
        who = {"account": account, "queue": queue, "agent": agent}[whose]
        return found[who] if day(at, zone) == today and who else Counter()

    for talk in history.conversations:
        if talk.reply:
            sums = on(talk.reply.at, talk.account, talk.reply.queue, talk.reply.agent)
            sums["replied"] += 1
            sums["reply_seconds"] += seconds(talk.steps[0].at, talk.reply.at)
        if talk.close:
            last = talk.steps[-1]
            sums = on(talk.close.at, talk.account, last.queue, last.agent)
            sums["closed"] += 1
            sums["abandoned"] += is_abandoned(talk)
            if first_accept(talk):
                sums["handled"] += 1
                sums["handle_seconds"] += seconds(first_accept(talk), talk.close.at)
    for offer in history.offers:
        on(offer.at, offer.account, offer.queue, offer.agent)[OFFERS[offer.state]] += 1
    return {who: +sums for who, sums in found.items()}


def last_done(history, zone, today):
    """{agent: second} of the last message somebody wrote, or offer they answered, on one day."""
    wrote = [(one.agent, one.at) for one in history.messages if one.agent]
    answered = [(one.agent, one.at) for one in history.offers if one.state != "lapsed"]
    found = {}
    for agent, at in wrote + answered:
        if day(at, zone) == today:
            found[agent] = max(int(at.timestamp()), found.get(agent, 0))
    return found


def middle(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def state_at(history, agent, second):
    """What this person was in a second, by the last thing they had said before it."""
    known = None
    for event in history.states:
        if event.agent == agent and int(event.at.timestamp()) <= second:
            known = event
    return (known.state, known.reason) if known else None


def held_at(history, agent, second):
    """How many conversations this person had in a second."""
    return sum(
        step.agent == agent
        and int(step.at.timestamp()) <= second
        and (end is None or second < int(end.timestamp()))
        for talk in history.conversations
        for step, end in _with_next(talk)
    )


def open_at(history, at):
    """{conversation: (phase, queue, agent)} at a moment."""
    return {
        talk.id: (str(step.phase), step.queue, step.agent)
        for talk in history.conversations
        for step, end in _with_next(talk)
        if step.at <= at and (end is None or at < end)
    }
