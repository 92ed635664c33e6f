"""When a replaced webhook address was last used, so that an admin knows when to drop it."""

import logging
import threading
from time import monotonic

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

QUIET_SECONDS = 60


class FormerUse:
    """Written down once a minute and account: under load it must cost nothing."""

    def __init__(self, app):
        self._app = app
        self._lock = threading.Lock()
        self._noted_at = {}

    def note(self, account_id):
        with self._lock:
            now = monotonic()
            if now - self._noted_at.get(account_id, -QUIET_SECONDS) < QUIET_SECONDS:
                return
            self._noted_at[account_id] = now
        try:
            with self._app.app_context(), unit_of_work():
                db.session.execute(
                    update(Account)
                    .where(Account.id == account_id, Account.former_webhook_token.is_not(None))
                    .values(former_token_used_at=utcnow())
                )
        except SQLAlchemyError as error:  # the webhook itself is kept already
            log.warning("account %s: use of its former address not noted: %s", account_id, error)
