r"""Encodings that nobody undid: =E7=8E=8B from mail, \xe7\x8e\x8b from programs, u738b from JSON.

A web page shows them as they are, and whoever knows the person can decode them.
"""

import re
from collections.abc import Iterator

from workflows.datasets.lookup.folding import fold

# RFC 2045, section 6.7: an octet, or a line that goes on in the next. Of ASCII only the signs that
# are in addresses, behind a letter: "?q=20" is a parameter.
_QUOTED_OCTETS = r"(?:=[89A-Fa-f][0-9A-Fa-f])(?:=?\r?\n?=[89A-Fa-f][0-9A-Fa-f])+"
_QUOTED_SIGN = r"(?<=[A-Za-z0-9_.-])=(?:40|2[DdEe]|5[Ff])(?=[A-Za-z0-9])"
_LINE_GOES_ON = r"=\r?\n"
_PROGRAM_OCTETS = r"(?:\\{1,8}x[89A-Fa-f][0-9A-Fa-f]){2,}"
# Chinese characters, of which JSON lost the backslashes.
_BARE_UNITS = r"(?<![A-Za-z0-9])(?:u[3-9][0-9A-Fa-f]{3}){2,}(?![A-Za-z0-9])"
_ENCODED = re.compile(
    f"{_QUOTED_OCTETS}|{_QUOTED_SIGN}|{_LINE_GOES_ON}|{_PROGRAM_OCTETS}|{_BARE_UNITS}"
)
# What each of them begins with, or nearly: to look for it takes a tenth of the time.
_SIGN = re.compile(r"[=\\]|u[3-9]")
_OCTET = re.compile(r"(?:=\r?\n)?(?:=|\\{1,8}x)([0-9A-Fa-f]{2})")
_UNIT = re.compile("u([0-9A-Fa-f]{4})")


def is_encoded(text: str, start: int, end: int) -> bool:
    """Tell whether something encoded is between two positions of a text."""
    return bool(_SIGN.search(text, start, end) and _ENCODED.search(text, start, end))


def decoded(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each encoded character is in a text, and its fold."""
    for encoded in _ENCODED.finditer(text):
        start, end = encoded.span()
        if encoded[0][0] == "u":
            for unit in _UNIT.finditer(text, start, end):
                yield *unit.span(), fold(chr(int(unit[1], 16)))
        elif encoded[0].strip("\r\n=") == "":
            yield start, end, ""
        else:
            yield from _of_octets(list(_OCTET.finditer(text, start, end)))


def _of_octets(octets: list[re.Match[str]]) -> Iterator[tuple[int, int, str]]:
    try:
        characters = bytes(int(octet[1], 16) for octet in octets).decode()
    except UnicodeDecodeError:
        return
    first = 0
    for character in characters:
        last = first + len(character.encode())
        yield octets[first].start(), octets[last - 1].end(), fold(character)
        first = last
