""" "Test connection": asks Kaleyra what can be asked, which is about its templates, and says how
to mend what is wrong."""

from ..base import CheckLine, ProviderError
from ..templates import status_of
from .api import V1, V2, Api
from .templates import LIST_OF_V1, items_in, place_of

_REGION_OF_SUFFIX = {"IN": "in", "EU": "eu", "US": "us"}
_NAMES = {"in": "India", "eu": "Europe", "ap": "Asia Pacific", "us": "North America"}


def check(api: Api) -> list[CheckLine]:
    lines = [_credentials(api)]
    if lines[0].ok is False:
        return [*lines, *_region(api)]
    lines.append(_number(api))
    if api.version == V2:
        lines.append(_second_generation(api))
    return [*lines, _only_by_callback(api)]


def _credentials(api):
    name = "Credentials"
    try:
        found = items_in(api.get(V1, *LIST_OF_V1))
    except ProviderError as error:
        return _failed(name, error)
    approved = sum(
        status_of(item.get("status") or item.get("template_status")) == "approved" for item in found
    )
    return CheckLine(
        name,
        True,
        f"Kaleyra accepts the SID and the API key at {api.address(V1)}; it names {len(found)} "
        f"templates, {approved} of them approved.",
    )


def _failed(name, error):
    """A refusal is an answer about the set-up; an unreachable Kaleyra tells nothing about it."""
    refused = error.auth or error.permanent
    return CheckLine(
        name,
        False if refused else None,
        f"{error.reason}.",
        error.action or "Try again in a few minutes; if it stays so, compare the region.",
        auth=error.auth,
    )


def _region(api):
    sid, region = api.credentials.get("sid", "").strip().upper(), api.credentials.get("region", "")
    fitting = _REGION_OF_SUFFIX.get(sid[-2:])
    if fitting and fitting != region:
        yield CheckLine(
            "Region",
            False,
            f"The SID ends in {sid[-2:]}, which is {_NAMES[fitting]}; this account is set to "
            f"{_NAMES.get(region, 'no region')}.",
            f"An admin sets the region to {_NAMES[fitting]}.",
        )


def _number(api):
    if not api.number:
        return CheckLine(
            "Number",
            False,
            "The account has no WhatsApp number.",
            "An admin fills in the number with its country code.",
        )
    return CheckLine(
        "Number",
        True,
        f"+{api.number}. Kaleyra has no call that tells whether it belongs to this SID: a wrong "
        "number is refused with the first message.",
    )


def _second_generation(api):
    name, waba_id = "API version", api.credentials.get("waba_id", "")
    if not waba_id:
        return CheckLine(
            name,
            False,
            "V2 needs the WABA ID, which is missing.",
            "An admin copies it from Kaleyra's console, or sets the API version to V1.",
        )
    try:
        found = items_in(api.get(V2, *place_of(api)))
    except ProviderError as error:
        if not (error.permanent or error.auth):
            return _failed(name, error)
        return CheckLine(
            name,
            False,
            f"Kaleyra's V2 does not take this WABA ID ({error.reason}).",
            "An admin compares the WABA ID with Kaleyra's console; if Kaleyra has not moved it to "
            "V2, the API version here is V1.",
        )
    return CheckLine(name, True, f"V2 knows this WABA ID and its {len(found)} templates.")


def _only_by_callback(api):
    """Nothing is wrong here and nothing can ever be asked, which is not the same as not reached."""
    address = api.settings.get("WEBHOOK_URL", "")
    return CheckLine(
        "Only by callback",
        True,
        "Kaleyra can't be asked for the number's quality and limit, nor which address it calls: "
        "it tells the first when they change, and the second shows with the first message.",
        facts={"webhook": address} if address else {},
    )
