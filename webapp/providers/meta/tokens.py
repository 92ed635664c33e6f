"""How long the access token lasts and what it may do, as Meta sees it.

developers.facebook.com/docs/graph-api/reference/debug_token
"""

from datetime import UTC, datetime

from ..base import CheckLine, ProviderError
from ..reading import dict_of, list_of, number_of, text_of

NAME = "Access token"
NEEDED = ("whatsapp_business_messaging", "whatsapp_business_management")
SOON, NEAR = 14, 3  # days before the end: worth a word, worth an alarm
MEND = "Make a system user's token that does not expire in Meta's business settings, and save it."


def lines_of(graph, credentials, now=None):
    found = _asked(graph, credentials)
    if isinstance(found, CheckLine):
        yield found
    elif found:
        yield _line(found, now or datetime.now(UTC))


def _asked(graph, credentials):
    """Meta's word on the token; a line where it gives none, nothing where it owes none."""
    app = (credentials.get("app_id", ""), credentials.get("app_secret", ""))
    try:
        # A token may ask about itself, but only the app's own word is promised an answer.
        asker = "|".join(app) if all(app) else graph.token()
        found = graph.get(("debug_token",), token=asker, input_token=graph.token())
    except ProviderError as error:
        if not all(app):
            return None
        message = "How long the access token lasts could not be asked."
        mend = "Compare the app ID and the app secret with Meta's app dashboard, Basic settings."
        return CheckLine(NAME, None, f"{message} {error.reason}.", mend)
    return dict_of(found.get("data"))


def _line(found, now):
    if found.get("is_valid") is False:
        said = text_of(dict_of(found.get("error")).get("message"))
        message = f"Meta does not accept the access token. {said}".strip()
        return CheckLine(NAME, False, message, MEND, auth=True)
    scopes = [text_of(scope) for scope in list_of(found.get("scopes"))]
    lacking = [scope for scope in NEEDED if scopes and scope not in scopes]
    if lacking:
        message = f"The access token lacks the permission {' and '.join(lacking)}."
        return CheckLine(NAME, False, message, "Make a token that has it, and save it here.")
    return _duration(number_of(found.get("expires_at")), now)


def _duration(seconds, now):
    if not seconds or seconds < 0:
        return CheckLine(NAME, True, "The access token does not expire.")
    try:
        ends = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return CheckLine(NAME, True, "The access token is valid.")
    days = (ends - now).days
    message = f"The access token ends on {ends:%-d %B %Y}"
    facts = {"token_expires_at": ends.isoformat()}
    if days >= SOON:
        return CheckLine(NAME, True, f"{message}.", "", facts)
    when = f"in {days} days" if days > 1 else "within two days"
    return CheckLine(NAME, days >= NEAR, f"{message}, {when}.", MEND, facts)
