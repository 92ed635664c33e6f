"""What the board's pages answer, and what they leave behind."""

from sqlalchemy import select

from webapp.extensions import db
from webapp.staff.models import AuditEntry


def text_of(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def audited():
    rows = select(AuditEntry.action).order_by(AuditEntry.id)
    return db.session.scalars(rows).all()
