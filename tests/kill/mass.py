"""A campaign to thousands on the Procfile's processes, with two senders and Meta's stand-in."""

import redis
from sqlalchemy import insert, select

from tests import factories
from tests.campaigns.sending import make_sendable, template_of
from tests.support.procfile import Procfile
from tests.support.stubs.mass import MassStub
from webapp import create_app, jobs
from webapp.accounts.models import AccountHealth
from webapp.campaigns import ledger, running
from webapp.campaigns.models import Campaign
from webapp.columns import utcnow
from webapp.contacts.models import Contact, ContactIdentity
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

SENDERS = ("sender", "second_sender")
COMMAND = "python -m workers campaign"
FIRST_NUMBER = 15_550_200_000
CHUNK = 1000


class Mass:
    """`settings` are those of a test's app, over the database and Redis given there."""

    def __init__(self, folder, settings, database, redis_url):
        self.stub = MassStub()
        environ = {"META_API_URL": self.stub.url, "LOG_LEVEL": "warning"}
        self.processes = Procfile(folder, database, redis_url, **environ)
        self.processes.flask("db", "upgrade")
        self.app = create_app(settings)
        self.redis = redis.Redis.from_url(redis_url)

    def launch(self, people, **columns):
        """A campaign that runs, loaded, to so many; its id."""
        with self.app.app_context():
            now = utcnow()
            factories.make_cast()
            account = factories.make_meta_account()
            campaign = make_sendable(
                account, state="running", started_at=now, loaded_at=now, **columns
            )
            self.webhook_path = account.webhook_path
            template_id = template_of(campaign).id
            facts = {"throughput": "HIGH", "messaging_limit": "TIER_UNLIMITED"}
            factories.save(AccountHealth(account_id=account.id, facts=facts))
            for start in range(0, people, CHUNK):
                numbers = range(FIRST_NUMBER + start, FIRST_NUMBER + min(start + CHUNK, people))
                _add(campaign, template_id, numbers)
            self.campaign_id = campaign.id

    def start_senders(self):
        self.processes.start(**dict.fromkeys(SENDERS, COMMAND))
        self.hint()

    def hint(self):
        with self.app.app_context():
            for shard in range(len(SENDERS)):
                jobs.hint_now(running.SEND, shard)

    def do(self, verb, *arguments):
        """One of `running`'s verbs, committed when this returns."""
        with self.app.app_context(), unit_of_work():
            verb(db.session.get(Campaign, self.campaign_id), *arguments)

    def hurry(self):
        """Whoever still waits gets it as fast as the account allows."""
        with self.app.app_context():
            factories.change(db.session.get(Campaign, self.campaign_id), pace=None)

    def counts(self):
        with self.app.app_context():
            return ledger.counts_of(self.campaign_id)

    def close(self):
        self.processes.stop()
        self.stub.close()
        with self.app.app_context():
            db.engine.dispose()


def _add(campaign, template_id, numbers):
    with unit_of_work():
        made = [{"name": f"Customer {one}", "phone": str(one)} for one in numbers]
        db.session.execute(insert(Contact), made)
        phones = [str(one) for one in numbers]
        chosen = select(Contact.id, Contact.phone).where(Contact.phone.in_(phones))
        people = db.session.execute(chosen.order_by(Contact.id)).all()
        db.session.execute(insert(ContactIdentity), [_identity(*one) for one in people])
        own = {
            "campaign_id": campaign.id,
            "variant_id": campaign.variants[0].id,
            "template_id": template_id,
            "zone": "UTC",
            "state": "queued",
            "state_at": utcnow(),
            "tries": 0,
        }
        rows = [{**own, "contact_id": contact_id} for contact_id, _ in people]
        db.session.execute(insert(ledger.RECIPIENTS), rows)
        ledger.count({(campaign.id, own["variant_id"], "queued"): len(rows)})


def _identity(contact_id, phone):
    return {
        "contact_id": contact_id,
        "scope": "",
        "kind": "wa_id",
        "value": phone,
        "match_key": f"tel:{phone}",
    }
