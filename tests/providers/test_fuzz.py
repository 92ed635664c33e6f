"""Whatever is deleted, retyped, nested or damaged in a real webhook: reading it gives events."""

import pytest
from hypothesis import given

from tests.support.mutating import MUTATIONS, exactly, mutated, shares

from .casts import CASTS
from .storable import check

FILES = [(name, file) for name, cast in CASTS.items() for file in cast.samples()]


@pytest.fixture(scope="module")
def share(fuzz_cases):
    return shares(fuzz_cases.reading, FILES)


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_mutated_webhook_is_read_into_storable_events(share, name, file):
    cast, counted = CASTS[name], [0]
    provider, call = cast.provider_at(), cast.call(file)

    @exactly(share[name, file])
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
    print(f"\n{fuzz_cases.reading:,} mutated webhooks of {len(FILES)} samples were read")
