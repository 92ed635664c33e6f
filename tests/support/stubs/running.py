"""`bin/provider-stub NAME`: one of the stand-ins as a command, with a person as its customer."""

import argparse
import shlex
import sys
import threading
import time
from functools import partial

from tests.support.stubs import STUBS, stub_class
from webapp.providers import PROVIDERS

RECEIPTS = ("sent", "delivered", "read")
PAUSE = 1.0  # seconds between two receipts
REVIEW = 5.0  # seconds a template is looked at; a name with "reject" in it is rejected
HELP = """Lines you type arrive as the customer's messages. What the next message gets:
  /fail                a gateway's bare 503: nobody can know whether it left
  /limit 7             429 with a hint of 7 seconds (without a number: no hint)
  /slow 20             its answer after 20 seconds
  /cut                 no answer at all, the connection is cut
Templates are approved after some seconds, those with "reject" in the name rejected.
From now on:
  /receipts off | on   no receipts, or sent, delivered and read
  /webhook URL         where the product wants to hear of it all"""
SAID = partial(print, flush=True)


def main(arguments=None, lines=sys.stdin, say=SAID):
    options = _options(arguments)
    stub = _started(options)
    person = Person(stub, options.webhook, say)
    say(f"{options.provider} stands at {stub.url}")
    for line in _how_to(stub, options):
        say(line)
    try:
        for line in lines:
            person.types(line.strip())
        threading.Event().wait() if lines is sys.stdin else None  # no keyboard: serve on
    except KeyboardInterrupt:
        pass
    finally:
        stub.close()


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="bin/provider-stub",
        description="Stands in for a WhatsApp provider: checks what the product sends, answers as "
        "documented, sends receipts back, and lets you be the customer.",
    )
    parser.add_argument("provider", choices=sorted(STUBS))
    parser.add_argument("--port", type=int, default=9001, help="on 127.0.0.1; 0: any free one")
    parser.add_argument("--webhook", help="the account's webhook address in the product")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="a setting of the account, e.g. app_secret=…; repeatable",
    )  # fmt: skip
    return parser.parse_args(arguments)


def _started(options):
    settings = dict(one.partition("=")[::2] for one in options.set)
    kind = stub_class(options.provider)
    unknown = set(settings) - set(kind.secrets)
    if unknown:
        known = ", ".join(sorted(kind.secrets))
        sys.exit(f"{options.provider} has no {', '.join(sorted(unknown))}; it has {known}")
    try:
        stub = kind(options.port, **settings)
    except OSError as error:
        sys.exit(f"Port {options.port} cannot be had: {error.strerror}")
    stub.series = format(int(time.time()), "x")  # ids of an earlier run are in the database still
    return stub


def _how_to(stub, options):
    yield "Start the product with:"
    for name, value in stub.environment().items():
        yield f"  export {name}={shlex.quote(value)}"
    yield "and give it an account with:"
    settings = [f"{name}={value}" for name, value in credentials_of(stub).items()]
    given = " ".join(f"--set {shlex.quote(setting)}" for setting in settings)
    yield (
        f"  flask --app app accounts add --provider {options.provider} --name Trial --key TRY"
        f" --phone {phone_of(stub)} {given}"
    )
    if not options.webhook:
        yield "Then type /webhook and the address that command prints: receipts go there."
    yield HELP


def phone_of(stub):
    """The business number, where the stub looks at it."""
    return stub.secrets.get("phone") or stub.secrets.get("number") or "15550100200"


def credentials_of(stub):
    """What an account needs here; where the stub takes anything, something."""
    found = {}
    for field in PROVIDERS[stub.name].form_fields:
        value = stub.secrets.get(field.name) or ("trial" if field.required else "")
        if value and field.name in stub.secrets:
            found[field.name] = value
    return found


class Person:
    """Whoever sits at the terminal: sees what is sent, and answers."""

    def __init__(self, stub, webhook, say):
        self.stub, self.webhook, self.say = stub, webhook, say
        self.receipts = RECEIPTS
        self._told = 0
        stub.on_taken = self.sees
        stub.on_request = self.looks
        stub.on_submitted = self.takes

    def sees(self, taken):
        self.say(f"→ {taken.kind or 'message'} to {taken.recipient}: {taken.text}  [{taken.id}]")
        for status in self.receipts if self.webhook or taken.callback_url else ():
            time.sleep(PAUSE)
            answer = self.stub.receipt(self.webhook, taken, status)
            self.say(f"← {status}, {taken.id}: {_answered(answer)}")

    def takes(self, template):
        self.say(f"→ template {template.name} ({template.language}), {template.category}")
        threading.Timer(REVIEW, self.reviews, (template,)).start()

    def reviews(self, template):
        bad = "reject" in template.name
        more = {"reason": "INVALID_FORMAT"} if bad else {}
        event, language = "REJECTED" if bad else "APPROVED", template.language
        template.status = event
        if self.webhook:
            answer = self.stub.review(self.webhook, template.name, event, language=language, **more)
            self.say(f"← template {template.name}: {event.lower()}, {_answered(answer)}")

    def looks(self, request, reply):
        """What was wrong with a request, and what was asked besides messages."""
        news, self._told = self.stub.broken_rules[self._told :], len(self.stub.broken_rules)
        status = reply.status if reply else "cut"
        self.say(f"  {request.method} {request.path}  {status}")
        for rule in news:
            self.say(f"! broken rule: {rule}")

    def types(self, line):
        if not line:
            return
        word, _, rest = line.partition(" ")
        command = {
            "/fail": self.stub.fail_next,
            "/limit": self.stub.limit_next,
            "/slow": self.stub.slow_next,
            "/cut": self.stub.cut_next,
        }.get(word)
        if command is not None:
            self._orders(word, command, rest.strip())
        elif word == "/receipts" and rest in ("on", "off"):
            self.receipts = RECEIPTS if rest == "on" else ()
        elif word == "/webhook" and rest:
            self.webhook = rest.strip()
        elif line.startswith("/"):
            self.say(HELP)
        elif self.webhook:
            self.say(f"← {line}: {_answered(self.stub.say(self.webhook, line))}")
        else:
            self.say("Type /webhook and the account's address first, so that this can be posted.")

    def _orders(self, word, command, rest):
        try:
            if word == "/fail":
                command(503, "")
            else:
                command(*([int(rest)] if rest else []))
        except (TypeError, ValueError):
            self.say(HELP)


def _answered(status):
    return f"answered {status}" if status else "nobody answered"


if __name__ == "__main__":
    main()
