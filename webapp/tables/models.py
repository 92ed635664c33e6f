"""Which columns of a list a person wants to see."""

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db


class TableChoice(db.Model):
    __tablename__ = "table_choices"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    table: Mapped[str] = mapped_column(String(40), primary_key=True)
    columns: Mapped[list] = mapped_column(JSON)
