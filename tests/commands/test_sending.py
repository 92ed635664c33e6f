"""`sending hold` and `release`."""

from sqlalchemy import select

from webapp import system
from webapp.extensions import db
from webapp.staff.models import AuditEntry


def test_what_is_held_can_be_released(answer_of, app):
    assert answer_of("sending", "hold", "--reason", "Moving house")["reason"] == "Moving house"
    assert system.sending_held() == "Moving house"

    assert answer_of("sending", "release") == {"held": False, "was_held": True}

    db.session.rollback()
    assert system.sending_held() is None


def test_both_leave_an_audit_row(run):
    run("sending", "hold")
    run("sending", "release")

    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(row.actor, row.action) for row in rows] == [
        ("command", "held"),
        ("command", "released"),
    ]


def test_releasing_what_was_not_held_is_no_error(answer_of):
    assert answer_of("sending", "release") == {"held": False, "was_held": False}
