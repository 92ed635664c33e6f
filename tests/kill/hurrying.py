"""`python -m tests.kill.hurrying`: has providers asked every few seconds, again and again.

What waits for its hour otherwise: calls too old to be still under way, the fate of doubtful
messages, what customers wrote meanwhile. Each is due at once here, though another process may be
at it, and has not died yet.
"""

import time
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from webapp import create_app, jobs
from webapp.accounts.models import AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import catching_up, delivering, looking_up
from webapp.inbox.models import Message, MessageStatus
from webapp.unit_of_work import unit_of_work

EVERY = 3  # seconds
CUT_OFF = timedelta(seconds=10)  # no answer of a stand-in takes a second


def main():
    app = create_app()
    while True:
        with app.app_context():
            try:
                _make_due()
                _ask()
            except DBAPIError as error:  # busy: there is a next time
                print(type(error).__name__, flush=True)
        time.sleep(EVERY)


def _make_due():
    now = utcnow()
    cut_off = (Message.status == MessageStatus.SENDING) & (Message.status_at < now - CUT_OFF)
    doubtful = (Message.status == MessageStatus.UNKNOWN) & Message.look_up_at.is_not(None)
    with unit_of_work():
        db.session.execute(update(AccountHealth).values(next_look_at=None))
        db.session.execute(
            update(Message).where(cut_off).values(status_at=now - timedelta(hours=1))
        )
        db.session.execute(update(Message).where(doubtful).values(look_up_at=now))
        db.session.flush()
        delivering.expire_stale_calls()


def _ask():
    for account_id in catching_up.accounts_to_ask():
        jobs.hint_now("workers.inbound.fetch_missed", account_id)
    for account_id in looking_up.accounts_with_unsettled():
        jobs.hint_now("workers.outbound.look_up", account_id)


if __name__ == "__main__":
    main()
