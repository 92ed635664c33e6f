"""A template as Meta keeps one, for tests of what is sent."""

from tests.factories import META_WABA_ID, save
from webapp.message_templates.models import MessageTemplate

VISIT = [
    {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
    {"type": "BODY", "text": "Hello {{first_name}}, shall we come on {{day}}?"},
    {"type": "FOOTER", "text": "Northgate Care"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Yes"},
            {"type": "URL", "text": "Track", "url": "https://example.com/o/{{1}}"},
        ],
    },
]
PLAIN = [{"type": "BODY", "text": "Hello {{1}}, are you there?"}]


def make_template(name="parcel_new_attempt", components=PLAIN, **columns):
    values = {
        "provider": "meta",
        "waba_id": META_WABA_ID,
        "language": "en",
        "status": "approved",
        "category": "utility",
        "provider_id": f"tpl-{name}",
    }
    account = columns.pop("account")
    return save(
        MessageTemplate(name=name, account_id=account.id, components=components, **values | columns)
    )
