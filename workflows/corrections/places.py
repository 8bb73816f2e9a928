"""Where in a text a person stands, in whichever version, file and row."""

from typing import NamedTuple, Self

from workflows.corpus.values import RecordId
from workflows.lookups.models import Match


class TextPlace(NamedTuple):
    """A place in a version, wherever in the file its record lies."""

    record: RecordId
    field: str
    text_sha256: str
    start: int
    end: int
    kind: str
    hit: str

    @property
    def alike(self) -> Self:
        """The place in any record of the same text, whatever its id."""
        return self._replace(record=None)


def place_of(match: Match) -> TextPlace:
    """Return the place of a match."""
    return TextPlace(
        match.record,
        match.field,
        match.text_sha256 or "",
        match.start,
        match.end,
        match.kind,
        match.excerpt["hit"],
    )


def text_of(match: Match) -> tuple[str, str]:
    """Return the field of a match and the digest of its whole text; none of one from before."""
    return match.field, match.text_sha256 or ""
