"""`python -m tests.kill.seeding`: the cast and one account at each provider; its webhooks as JSON.

The accounts come as JSON on standard input: [{provider, phone, settings}].
"""

import json
import sys

from tests.factories import make_account, make_cast
from webapp import create_app

COLUMNS = ("phone_number_id", "waba_id", "app_id")


def main():
    with create_app().app_context():
        cast = make_cast()
        print(
            json.dumps({given["provider"]: _made(cast, **given) for given in json.load(sys.stdin)})
        )


def _made(cast, provider, phone, settings):
    columns = {name: settings[name] for name in COLUMNS if name in settings}
    secrets = {name: value for name, value in settings.items() if name not in columns}
    account = make_account(
        cast.queue, provider, name=provider.title(), key=provider[:5].upper(), phone=phone,
        credentials=secrets, **columns,
    )  # fmt: skip
    return account.webhook_path


if __name__ == "__main__":
    main()
