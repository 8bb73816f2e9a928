"""Markup in the bytes of a text."""

import tracemalloc

from workflows.corpus.normalize.markup import without_markup
from workflows.corpus.normalize.stream import fold_bytes


def test_what_long_rows_of_markup_stand_for_is_not_kept():
    def look(number: int) -> None:
        folded = fold_bytes(bytearray(b"%%4%x" % number * 10_000))
        (squeezed,) = without_markup(folded, escaped=False)
        assert squeezed.stream == bytes([0x40 + number]).lower() * 10_000

    look(1)
    tracemalloc.start()
    try:
        for number in range(2, 10):
            look(number)
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000  # one of them takes about as much
