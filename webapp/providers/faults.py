"""What a call ended as that got no answer: whether it left is all that counts."""

from .base import OutcomeUnknown, ProviderError


def never_left(why: str) -> ProviderError:
    """No connection was made, so not one byte of the request can have arrived."""
    return ProviderError(unreached(why), permanent=False)


def unreached(why: str) -> str:
    return f"The provider could not be reached ({why})"


def not_askable() -> ProviderError:
    """An address or a token that can't be put into a request."""
    reason = "The provider's address or the access token is not valid"
    return ProviderError(reason, permanent=True, account_wide=True)


def no_answer() -> OutcomeUnknown:
    return OutcomeUnknown("The provider did not answer in time")


def lost() -> OutcomeUnknown:
    return OutcomeUnknown("The connection was lost before an answer came")


def broken_off() -> OutcomeUnknown:
    return OutcomeUnknown("The provider's answer broke off")


def too_long() -> OutcomeUnknown:
    return OutcomeUnknown("The answer was too long to be the provider's")
