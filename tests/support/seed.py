"""`python -m tests.support.seed`: the cast and an account at Meta, in a database of its own."""

import json

from tests.factories import make_cast, make_meta_account
from webapp import create_app


def main():
    with create_app().app_context():
        cast = make_cast()
        account = make_meta_account(cast.queue)
        print(json.dumps({"account": account.id, "webhook_path": account.webhook_path}))


if __name__ == "__main__":
    main()
