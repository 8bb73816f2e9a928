"""Squeezes the bytes of a text to its letters and digits, and remembers where each came from.

The stream holds letters and digits only, in lower case and folded as `characters` says, in the
bytes of `encode`. Everything between them is removed, except that one BREAK stays after a Latin
letter, whatever invisible stands between them: it tells "Li Na" from "Lina", and taking out every
space of an English text would cost a third of the time.

All steps replace bytes in place by as many bytes, so that a position in the stream is a position in
the source. The compiled kernel does them, or else NumPy on whole arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workflows.corpus.normalize.characters import Positions, Stream
from workflows.corpus.normalize.kernel import native, numpy_twin
from workflows.corpus.normalize.kernel.numpy_twin import marks, resolve_escapes


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with every character folded in place to content, BREAK or INVISIBLE bytes.

    `marks` holds the positions at which markup may begin, in order.
    """

    raw: bytearray | memoryview
    folded: bytearray | memoryview
    marks: Positions


class SourceMap:
    """Some stretches of a source that are looked at as if they were one text.

    `source` says from where in the source on each of them counts; one may be written otherwise.
    """

    def __init__(
        self, pieces: Sequence[bytes | bytearray | memoryview], source: Sequence[int]
    ) -> None:
        self.text = b"".join(pieces)
        self._offsets = np.cumsum([0, *map(len, pieces)])
        self._sources = np.array(source, np.intp)

    def sources(self, positions: Positions) -> Positions:
        """Return the positions in the source of positions in the segments."""
        segment = np.searchsorted(self._offsets, positions, side="right") - 1
        return np.asarray(positions - self._offsets[segment] + self._sources[segment], np.intp)


class NormalizedStream:
    """A stream of bytes, and where each of them was in the source."""

    def __init__(
        self,
        folded: bytes | bytearray | memoryview,
        stream: Stream,
        segments: SourceMap | None,
    ) -> None:
        self.stream = stream.content
        self._from = stream
        self._folded = folded
        self._segments = segments

    def spans(self, stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int, bool]]:
        """Return start and end in the source of stretches, given by first and last byte.

        Also tells of each whether it is a word: whether no Latin letter touches it in the source.
        """
        if not stretches:
            return []
        compiled = native.load()
        if compiled is None:
            ends, words = numpy_twin.spans(self._folded, self._from, stretches)
        else:
            ends, words = native.spans(compiled, self._folded, self._from, stretches)
        sources = ends if self._segments is None else self._segments.sources(ends)
        return [
            (first, last + 1, word)
            for (first, last), word in zip(sources.tolist(), words, strict=True)
        ]


def fold_bytes(raw: bytearray | memoryview, *, escaped: bool = False) -> Folded:
    """Fold UTF-8 text; if `escaped`, JSON as it stands in a file, of which escapes are resolved.

    A byte that belongs to no well-formed character is a break, and the next is read anew.
    """
    compiled = native.load()
    if compiled is not None:
        whole = raw if native.is_well_formed(compiled, raw) else _mended(raw)
        return Folded(raw, *native.fold_bytes(compiled, whole, escaped=escaped))
    whole = _mended(raw)
    folded, special = numpy_twin.fold_bytes(whole)
    source = np.frombuffer(whole, np.uint8)
    if escaped:
        resolve_escapes(source, special, np.frombuffer(folded, np.uint8))
    return Folded(raw, folded, marks(source, special, escaped=escaped))


def _mended(raw: bytearray | memoryview) -> bytes:
    """Return a text with a question mark, which folds to a break, for each byte that is no UTF-8.

    Which these are the decoder says, so that nothing is read otherwise here than by the readers.
    """
    return str(raw, "utf-8", "surrogateescape").encode("utf-8", "replace")


def normalize_stream(
    folded: bytes | bytearray | memoryview, segments: SourceMap | None = None
) -> NormalizedStream:
    """Return the stream of folded bytes; if they are those of segments, it knows their sources."""
    compiled = native.load()
    stream = (
        numpy_twin.normalize_stream(folded)
        if compiled is None
        else native.normalize_stream(compiled, folded)
    )
    return NormalizedStream(folded, stream, segments)


def count(data: bytes | bytearray | memoryview, byte: int) -> int:
    """Return how many bytes are this one; `bytearray.count` takes twenty times as long."""
    compiled = native.load()
    if compiled is None:
        return numpy_twin.count(data, byte)
    return native.count(compiled, data, byte)


def digit_lookalikes(stream: bytes) -> list[int]:
    """Return the ends of numbers in a stream in which letters look like digits.

    `numerals.has_letter_digits` says what such a number is. Of a long one, and where more that
    looks like it follows, some places on the way are named, too.
    """
    compiled = native.load()
    if compiled is None:
        return numpy_twin.digit_lookalikes(stream)
    return native.digit_lookalikes(compiled, stream)


def numbers_in_words(stream: bytes) -> list[tuple[int, int]]:
    """Return the stretches of a stream, or wider ones, that may be numbers in English words.

    Each of them holds a word for a digit, or one that parts digits.
    """
    compiled = native.load()
    if compiled is None:
        return numpy_twin.numbers_in_words(stream)
    return native.numbers_in_words(compiled, stream)
