"""What went wrong in a campaign, by reason in words, each with the one thing that can help."""

from dataclasses import dataclass
from enum import StrEnum

from webapp.campaigns.models import RecipientState
from webapp.campaigns.pages import reasons
from webapp.campaigns.results import mending
from webapp.providers.meanings import BLOCKING, Kind


class Remedy(StrEnum):
    SETTLE = "settle"  # nobody knows: a receipt, or a person
    RETRY = "retry"
    VALUES = "values"  # something is missing in the contacts, or in the variable
    TEMPLATE = "template"
    ACCOUNT = "account"
    EXPORT = "export"  # it would fail again: reach them another way


@dataclass(frozen=True, slots=True)
class Failure:
    """`codes` are what `recipients.reason` says; several may mean one thing."""

    words: str
    count: int
    remedy: Remedy
    codes: tuple
    state: str = RecipientState.FAILED


def of(campaign, figures):
    """The most frequent first."""
    found, provider = {}, reasons.provider_of(campaign)
    for code, many in figures.reasons(RecipientState.FAILED).items():
        meaning = reasons.meaning(provider, code)
        key = (meaning.reason, _remedy(campaign, code, meaning))
        count, codes = found.get(key, (0, ()))
        found[key] = (count + many, (*codes, code))
    failures = [Failure(*key[:1], count, key[1], codes) for key, (count, codes) in found.items()]
    unknown = figures[RecipientState.UNKNOWN]
    if unknown > 0:
        failures.append(
            Failure(reasons.NO_ANSWER, unknown, Remedy.SETTLE, (), RecipientState.UNKNOWN)
        )
    return sorted(failures, key=lambda one: -one.count)


def by_remedy(failures):
    """{remedy: how many}, for the sentences below."""
    found = dict.fromkeys(Remedy, 0)
    for one in failures:
        found[one.remedy] += one.count
    return {remedy: many for remedy, many in found.items() if many}


def _remedy(campaign, code, meaning):
    if meaning.kind in BLOCKING:
        return Remedy.ACCOUNT
    if meaning.kind == Kind.TEMPLATE:
        return Remedy.TEMPLATE
    if code == "missing_value":
        return Remedy.VALUES
    return Remedy.RETRY if mending.may_retry(campaign, code) else Remedy.EXPORT
