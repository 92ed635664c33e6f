"""What admins decide for all campaigns."""

from webapp.campaigns.settings import rules
from webapp.campaigns.settings.rules import Rules
from webapp.extensions import db
from webapp.settings import values
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


def test_until_somebody_decides_the_usual_rules_hold(app):
    assert rules.rules() == Rules()
    assert rules.rules().second_person_above == 2000


def test_a_change_is_kept_and_leaves_an_audit_row(cast):
    with unit_of_work():
        rules.change(Rules(second_person_above=None, marketing_most=2), cast.admin)
    assert rules.rules() == Rules(second_person_above=None, marketing_most=2)
    assert db.session.query(AuditEntry).filter_by(subject="settings").one().actor == "Admin Adler"


def test_a_rule_that_came_later_has_its_usual_value(cast):
    with unit_of_work():
        values.put("campaigns", {"marketing_days": 30, "gone": 1}, cast.admin)
    assert rules.rules() == Rules(marketing_days=30)
