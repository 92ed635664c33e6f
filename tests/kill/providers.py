"""`python -m tests.kill.providers V1`: all providers as a process of its own, which outlives ours.

It begins with a line of JSON, {environ, accounts}, and answers each line it is given with another:
`open {provider: webhook}`, `write SECONDS`, `later SECONDS`, `report`. The argument is the
generation of Kaleyra's API that replies go through; customers' messages come by both.
"""

import json
import sys
from datetime import timedelta

from tests.factories import META_NUMBER_ID, META_SECRET, META_WABA_ID
from tests.kill.counterpart import Counterpart
from tests.kill.customers import Customers
from tests.support.stubs.running import credentials_of

META = {
    "access_token": "token-1",
    "app_secret": META_SECRET,
    "phone_number_id": META_NUMBER_ID,
    "waba_id": META_WABA_ID,
}
PHONES = {
    "meta": "15550100200",
    "twilio": "15550100201",
    "sinch": "15550100202",
    "kaleyra": "15550100203",
}


def main(kaleyra_version):
    counterparts = {
        "meta": Counterpart("meta", **META),
        "twilio": Counterpart("twilio", phone=PHONES["twilio"]),
        "sinch": Counterpart("sinch"),
        "kaleyra": Counterpart(
            "kaleyra", number=PHONES["kaleyra"], api_version=kaleyra_version.lower()
        ),
    }
    _say(_how_to_reach(counterparts))
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        _say(ORDERS[word](counterparts, json.loads(rest or "null")))


def _how_to_reach(counterparts):
    environ, accounts = {}, []
    for provider, counterpart in counterparts.items():
        environ |= counterpart.stub.environment()
        settings = credentials_of(counterpart.stub)
        accounts.append({"provider": provider, "phone": PHONES[provider], "settings": settings})
    return {"environ": environ, "accounts": accounts}


def _open(counterparts, webhooks):
    for provider, webhook in webhooks.items():
        counterparts[provider].webhook = webhook


def _write(counterparts, seconds):
    Customers(list(counterparts.values()), seconds).write()


def _later(counterparts, seconds):
    for counterpart in counterparts.values():
        counterpart.grow_older(timedelta(seconds=seconds))


def _report(counterparts, _):
    return {provider: counterpart.report() for provider, counterpart in counterparts.items()}


ORDERS = {"open": _open, "write": _write, "later": _later, "report": _report}


def _say(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
