"""Records of a shard as the look-up takes them: columns of texts, and the id of each record."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflows.corpus.match.patterns import Target
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workflows.corpus.normalize.stream import count
from workflows.corpus.values import ReadStats, RecordId, no_source


class Candidate(NamedTuple):
    """A place in the source, in bytes, where one of `targets` may stand."""

    start: int
    end: int
    targets: "Sequence[Target]"

    def moved(self, distance: int) -> "Candidate":
        """Return the same place, counted from another beginning."""
        return Candidate(self.start + distance, self.end + distance, self.targets)


# Stands behind each text of a column. It is no byte of UTF-8, and folds to a break: no word, number
# or tag goes on from one text to the next.
SEPARATOR = b"\xff"
# Decoded like it: as one replacement character.
_NO_BYTE_EITHER = b"\xfe"


@dataclass(frozen=True, slots=True)
class Column:
    """The texts of one field of many records: UTF-8 bytes, text `i` from `offsets[i]` on.

    SEPARATOR follows each. `found` holds the candidates in each of them, in order and counted from
    its beginning, if they are known already.
    """

    field: str
    data: memoryview
    offsets: npt.NDArray[np.int64]
    found: Sequence[Sequence[Candidate]] | None = None

    @classmethod
    def of_texts(
        cls,
        field: str,
        texts: Sequence[str],
        found: Sequence[Sequence[Candidate]] | None = None,
    ) -> "Column":
        """Make a column of texts. Lone surrogates, unknown to UTF-8, become question marks.

        `found` holds the candidates in each text, as above.
        """
        column = cls.of_encoded(field, [text.encode("utf-8", "replace") for text in texts])
        return replace(column, found=found)

    @classmethod
    def of_encoded(cls, field: str, texts: Sequence[bytes | memoryview]) -> "Column":
        """Make a column of texts in UTF-8."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) + len(SEPARATOR) for text in texts], out=offsets[1:])
        return cls(field, memoryview(SEPARATOR.join([*texts, b""])), offsets)

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self.offsets) - 1

    @property
    def size(self) -> int:
        """The bytes of all texts."""
        return len(self.data) - len(self) * len(SEPARATOR)

    def encoded(self, index: int) -> memoryview:
        """Return one text in UTF-8."""
        begin, behind = self.offsets[index : index + 2].tolist()
        return self.data[begin : behind - len(SEPARATOR)]

    def searched(self) -> memoryview:
        """Return the data as it is searched: in broken texts another byte stands for SEPARATOR."""
        if count(self.data, SEPARATOR[0]) == len(self):
            return self.data
        texts = (bytes(self.encoded(index)) for index in range(len(self)))
        separate = (text.replace(SEPARATOR, _NO_BYTE_EITHER) for text in texts)
        return memoryview(SEPARATOR.join([*separate, b""]))

    def text(self, index: int) -> str:
        """Return one text, decoded as the places of hits are counted."""
        return str(self.encoded(index), "utf-8", "replace")


# Bytes of texts that are handed on at a time.
CHUNK = 4 * 1024 * 1024


def text_sha256(text: str) -> str:
    """Return SHA-256 of a text as the look-up reads it, where a lone surrogate is a question mark.

    In hexadecimal; of all other texts it is the digest that manifests use.
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def no_position(_index: int) -> None:
    """Return nothing: the records have no place of their own, as the rows of a table."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records: their ids by index, and a column for each text field that they have.

    `position` tells where in its file each begins, so that no two of a file have the same: in JSONL
    the byte of its line, unpacked; in Parquet and plain text its number, from 0.
    """

    columns: Sequence[Column]
    record_id: Callable[[int], RecordId]
    figures: ReadStats = field(default_factory=ReadStats)
    source: Callable[[int], str] = no_source
    position: Callable[[int], int | None] = no_position


# Places in raw lines at which an identifier may stand, in any order.
Filter = Callable[[memoryview], Iterable[Candidate]]


def all_lines(lines: memoryview) -> Iterator[Candidate]:
    """Point to each line that is not empty, as a Filter: all records are asked for."""
    for line in re.finditer(rb"[^\n]+", lines):
        yield Candidate(*line.span(), ())
