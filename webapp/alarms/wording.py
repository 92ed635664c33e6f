"""What an alarm says: as a headline and a sentence for people, as facts for other systems."""

from webapp.alarms.figures import FIGURES, Figure, shown
from webapp.alarms.models import Comparison

EVERYTHING = "All queues"


def headline(alarm):
    """“Support: service level below 80%.”"""
    figure = _figure(alarm.rule)
    whose = alarm.name or EVERYTHING
    return f"{whose}: {figure.words.lower()} {alarm.rule.comparison} {shown(figure, alarm.bound)}"


def sentence(alarm):
    """“61% now, at worst 58%. Rule: Service level below target.”"""
    figure = _figure(alarm.rule)
    more = "" if alarm.worst == alarm.value else f", {worst(alarm)}"
    return f"{shown(figure, alarm.value)} now{more}. Rule: {alarm.rule.name}."


def worst(alarm):
    """“at worst 58%”"""
    return f"at worst {shown(_figure(alarm.rule), alarm.worst)}"


def condition(rule):
    """“Service level below the queue's target for 5 minutes, each queue”"""
    figure = _figure(rule)
    bound = "the queue's target" if rule.bound is None else shown(figure, rule.bound)
    return f"{figure.words} {rule.comparison} {bound}{_lasting(rule.minutes)}, {whose(rule)}"


def channels(rule):
    """Where it tells: “Board”, “Notification” …"""
    yield "Board"
    if rule.notifies:
        yield "Notification"
    if rule.mails:
        yield "E-mail"
    if rule.webhook:
        yield f"Webhook {rule.webhook.name}"


def _lasting(minutes):
    if minutes == 0:
        return ""
    return " for a minute" if minutes == 1 else f" for {minutes} minutes"


def whose(rule):
    if rule.scope == "queue":
        return rule.queue.name if rule.queue else "each queue"
    if rule.scope == "account":
        return rule.account.name if rule.account else "each account"
    return "everything together"


def facts(alarm):
    rule = alarm.rule
    return {
        "alarm_id": alarm.id,
        "rule": rule.name,
        "figure": rule.figure,
        "subject": alarm.subject or "all",
        "name": alarm.name or EVERYTHING,
        "comparison": rule.comparison,
        "bound": alarm.bound,
        "value": alarm.value,
        "worst": alarm.worst,
        "critical": rule.critical,
        "began_at": _at(alarm.began_at),
        "fired_at": _at(alarm.fired_at),
        "ended_at": _at(alarm.ended_at),
    }


def _figure(rule):
    return FIGURES.get(rule.figure) or Figure(rule.figure, rule.figure, usual=Comparison.ABOVE)


def _at(moment):
    return moment.isoformat() if moment else None
