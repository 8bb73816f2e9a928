"""The garbage collector rests while patterns are compiled, and no longer."""

import gc

import pytest

from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Identifier, Kind


def test_the_collector_rests_while_patterns_are_compiled_and_works_afterwards_even_if_that_fails():
    working = []

    def identifiers():
        working.append(gc.isenabled())
        yield Identifier("p1", Kind.NAME, "王小明")
        raise LookupError

    with pytest.raises(LookupError):
        Patterns(identifiers())
    assert working == [False]
    assert gc.isenabled()
