"""Every table, loaded together: models refer to other features' models by name."""

from sqlalchemy.orm import configure_mappers

from webapp.accounts import models as accounts  # noqa: F401
from webapp.alarms import models as alarms  # noqa: F401
from webapp.alerting import models as alerting  # noqa: F401
from webapp.analytics import models as analytics  # noqa: F401
from webapp.campaigns import models as campaigns  # noqa: F401
from webapp.campaigns.messages import models as campaign_messages  # noqa: F401
from webapp.campaigns.sending import models as campaign_sending  # noqa: F401
from webapp.campaigns.settings import models as campaign_settings  # noqa: F401
from webapp.contacts import models as contacts  # noqa: F401
from webapp.contacts.importing import models as importing  # noqa: F401
from webapp.inbox import media_models, recontact_models  # noqa: F401
from webapp.inbox import models as inbox  # noqa: F401
from webapp.mail import models as mail  # noqa: F401
from webapp.message_templates import models as message_templates  # noqa: F401
from webapp.outgoing_webhooks import models as outgoing_webhooks  # noqa: F401
from webapp.queues import models as queues  # noqa: F401
from webapp.reports import models as reports  # noqa: F401
from webapp.sandbox import models as sandbox  # noqa: F401
from webapp.settings import models as settings  # noqa: F401
from webapp.staff import models as staff  # noqa: F401
from webapp.tables import models as tables  # noqa: F401
from webapp.webhooks import models as webhooks  # noqa: F401


def check():
    """Fail at the start, not at the first request, if two models disagree."""
    configure_mappers()
