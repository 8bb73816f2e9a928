"""A stretch of text as it is compared: folded, without invisible characters, markup resolved.

Each character of it knows which characters of the source it stands for, so that a place found in a
reading is an exact span of the source.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workflows.datasets.lookup.folding import FOLD
from workflows.datasets.lookup.markup import MARKUP, decode

_MAY_BE_MARKUP = re.compile(r"[<&%\\]")

Replacement = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """`flat[i]` stands for `source[starts[i]:ends[i]]`; `letters[k]` is `flat[at[k]]`."""

    source: str
    flat: str
    starts: Sequence[int]
    ends: Sequence[int]
    letters: str
    at: Sequence[int]

    def gap(self, index: int) -> str:
        """Return the marks between the letters `index - 1` and `index`."""
        return self.flat[self.at[index - 1] + 1 : self.at[index]]

    def stretch(self, first: int, last: int) -> str:
        """Return the text from the letter `first` to before `last`, with the marks between."""
        return self.flat[self.at[first] : self.at[last - 1] + 1]

    def as_written(self, first: int, last: int) -> str:
        """Return the source of the letters from `first` to before `last`."""
        return self.source[self.starts[self.at[first]] : self.ends[self.at[last - 1]]]


def readings(source: str) -> list[Reading]:
    """Return the readings of a text: without tags, and where that differs with tags."""
    replacements: list[Replacement] = []
    if _MAY_BE_MARKUP.search(source):
        replacements = [
            (markup.start(), markup.end(), decode(markup[0])) for markup in MARKUP.finditer(source)
        ]
    result = [_read(source, replacements)]
    if any(source[start] == "<" for start, _end, _text in replacements):
        result.append(_read(source, _inside_tags(source, replacements)))
    return result


def _inside_tags(source: str, replacements: Iterable[Replacement]) -> list[Replacement]:
    """Return the markup of a text in which tags are plain text: an address may stand in one."""
    result = []
    for start, end, text in replacements:
        if source[start] != "<":
            result.append((start, end, text))
            continue
        result += [
            (start + 1 + inner.start(), start + 1 + inner.end(), decode(inner[0]))
            for inner in MARKUP.finditer(source[start + 1 : end])
        ]
    return result


def _read(source: str, replacements: list[Replacement]) -> Reading:
    flat: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for start, end, text in [*replacements, (len(source), len(source), "")]:
        for index in range(position, start):
            for character in FOLD[source[index]]:
                flat.append(character)
                starts.append(index)
                ends.append(index + 1)
        for written in text:
            for character in FOLD[written]:
                flat.append(character)
                starts.append(start)
                ends.append(end)
        position = end
    at = [index for index, character in enumerate(flat) if character.isalnum()]
    return Reading(source, "".join(flat), starts, ends, "".join([flat[index] for index in at]), at)
