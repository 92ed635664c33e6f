"""Stand-ins for the four providers, which check what we send and answer as documented.

`STUBS` names each class without importing it: `stub_class("twilio")` does.
"""

from importlib import import_module

STUBS = {
    "meta": "MetaStub",
    "twilio": "TwilioStub",
    "sinch": "SinchStub",
    "kaleyra": "KaleyraStub",
}


def stub_class(name):
    return getattr(import_module(f"tests.support.stubs.{name}"), STUBS[name])
