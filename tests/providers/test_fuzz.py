"""Whatever is deleted, retyped, nested or damaged in a real webhook: reading it gives events."""

import pytest
from hypothesis import given

from tests.support.mutating import MUTATIONS, exactly, mutated, shares

from .casts import CASTS
from .storable import check

CALLS = {
    **{(name, file): call for name, cast in CASTS.items() for file, call in cast.samples().items()},
    **{(name, "record"): cast.record for name, cast in CASTS.items() if cast.record},
}


@pytest.fixture(scope="module")
def share(fuzz_cases):
    return shares(fuzz_cases.reading, CALLS)


@pytest.mark.parametrize(("name", "file"), CALLS)
def test_a_mutated_webhook_is_read_into_storable_events(share, name, file):
    cast, counted = CASTS[name], [0]
    provider, call = cast.provider_at(), CALLS[name, file]

    @exactly(share[name, file], f"{name} {file}")
    @given(MUTATIONS)
    def reads(drawn):
        counted[0] += 1
        for event in provider.parse(cast.request(mutated(call, drawn), secret="")):
            check(event)

    reads()
    assert counted[0] >= share[name, file]


def test_all_files_of_all_providers_are_mutated_as_often_as_asked_for(share, fuzz_cases):
    assert {name for name, _ in share} == set(CASTS)
    assert sum(share.values()) == fuzz_cases.reading
    print(f"\n{fuzz_cases.reading:,} mutated webhooks of {len(CALLS)} samples were read")
