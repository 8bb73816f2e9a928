r"""Markup inside a text: tags, HTML entities, percent-encoding, and \u escapes of programs.

Tags are those of HTML, and those of forums in square brackets. People's identifiers are cut by
markup (`<b>138</b>0013…`, `wang&#64;example.com`), so both stages
look at such places twice: with the tags and without them; everything else is decoded in both.
"""

import functools
import html
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from workflows.corpus.normalize.characters import TEXT_BREAK, encode, fold
from workflows.corpus.normalize.stream import Folded, NormalizedStream, SourceMap, normalize_stream

_ENTITY = r"(?:amp;)*(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};|nbsp|shy)"
_PERCENT = r"(?:(?:%(?:25)*[0-9a-fA-F]{2})+|%(?:25)*u[0-9a-fA-F]{4})"
# An escape that was escaped in its turn has more of them. Bounded: a wall of them would be read
# again from each one.
_BACKSLASHES = "{1,8}"
_ESCAPE = r"(?:u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,5}\}|x[0-9a-fA-F]{2})"
# Asterisks which begin or end bold letters inside a word, as in Markdown.
_BOLD = r"\*\*(?=(?<=[A-Za-z0-9]\*\*)[A-Za-z0-9])(?!ps?:)"


def _tag(inside: str, ends: str) -> str:
    """Return what stands between < and >, of signs like `inside`, and none of `ends` in a comment.

    Not "wang<at>example<dot>com".
    """
    inside = f"(?:{inside}){{0,400}}"
    comment = f"(?:(?!{ends}).){{0,400}}?" if ends else ".{0,400}?"
    return rf"(?:/?(?!(?i:at|dot)>)[a-zA-Z]{inside}|!--{comment}--|!{inside})"


def _forum_tag(ends: str = "") -> str:
    return (
        r"\[(?:\\?/)?(?i:b|i|u|s|color|size|font|url|email|img|quote|code|center|align|left|right|"
        r"(?:back|background)color|strike|spoiler|indent|list|sub|sup)"
        rf"(?:=[^\[\]\n{ends}]{{0,100}})?\]"
    )


def _markup(ends: str = "") -> str:
    return (
        rf"<{_tag(f'[^<>{ends}]', ends)}>|{_forum_tag(ends)}|{_BOLD}|&{_ENTITY}|{_PERCENT}|"
        rf"\\{_BACKSLASHES}{_ESCAPE}"
    )


MARKUP = re.compile(_markup(), re.DOTALL)
FORUM_TAG = re.compile(_forum_tag())
BOLD = re.compile(_BOLD)
# In the bytes of a column, where 0xFF stands between two texts.
MARKUP_IN_BYTES = re.compile(_markup("\xff").encode("latin-1"), re.DOTALL)
# In JSON as it stands in a file, where <, > and & may be escaped and \ always is.
_TAG_IN_LINE = _tag(r"[^<>\n\\]|\\(?!u003[cCeE])", "\n")
MARKUP_IN_JSON = re.compile(
    rf"(?:<|\\u003[cC])(?:\\(?=/))?{_TAG_IN_LINE}(?:>|\\u003[eE])|{_forum_tag()}|{_BOLD}|"
    rf"(?:&|\\u0026){_ENTITY}|{_PERCENT}|(?:\\\\){_BACKSLASHES}{_ESCAPE}".encode(),
    re.DOTALL,
)
_BLOCK_TAG = re.compile(
    r"</?(?:br|p|div|td|th|tr|li|ul|ol|dd|dt|dl|h[1-6]|table|hr|pre|blockquote|option)\b",
    re.IGNORECASE,
)

# Bytes around a piece of markup in which an identifier that it cuts must lie.
_MARGIN = 128


def decode(markup: str) -> list[tuple[int, str]]:
    """Return what a reader sees in place of markup, piece by piece, each with its length there.

    A tag that ends a line is a newline. Percent-encoding is several characters, one by one.
    """
    if markup[0] in "<[*":
        return [(len(markup), "\n" if _BLOCK_TAG.match(markup) else "")]
    if markup[0] == "&":
        return [(len(markup), html.unescape(re.sub(r"^&(?:amp;)*", "&", markup)))]
    if markup[0] == "%" and "u" not in markup:
        return _decode_percent(markup)
    digits = re.sub(r"^.*[ux]|[{}]", "", markup)  # of \u4e00, \u{4e00}, \xe9 or %u4e00
    return [(len(markup), chr(int(digits, 16)))]


def _decode_percent(markup: str) -> list[tuple[int, str]]:
    octets = re.findall(r"%(?:25)*([0-9a-fA-F]{2})", markup)
    lengths = [len(octet[0]) for octet in re.finditer(r"%(?:25)*[0-9a-fA-F]{2}", markup)]
    try:
        text = bytes.fromhex("".join(octets)).decode()
    except UnicodeDecodeError:
        return [(len(markup), markup)]
    pieces = []
    octet = 0
    for character in text:
        size = len(character.encode())
        pieces.append((sum(lengths[octet : octet + size]), character))
        octet += size
    return pieces


# Bytes of the longest markup of which it is kept what it stands for. A longer one hardly comes
# twice, and a row of percent-encoding takes very much memory: a piece for each character.
_LONGEST_KEPT = 256

# A stretch of bytes of markup, from start to end, and the fold of what it stands for.
_Piece = tuple[int, int, bytes]


def without_markup(folded: Folded, *, escaped: bool) -> Iterator[NormalizedStream]:
    """Yield the streams of the places around markup: without tags, and of what is inside of tags.

    With `escaped`, the text is JSON as it stands in a file.
    """
    match_at = (MARKUP_IN_JSON if escaped else MARKUP_IN_BYTES).match
    meaning_of = _meaning_in_json if escaped else _meaning
    outside: list[_Piece] = []
    inside: list[_Piece] = []
    end = end_of_tag = 0
    for position in folded.marks:
        match = match_at(folded.raw, position) if position >= end else None
        if match is None:
            continue
        markup = match[0]
        known = len(markup) <= _LONGEST_KEPT
        meaning = meaning_of(markup) if known else meaning_of.__wrapped__(markup)
        if meaning is None:
            continue
        is_outside = position >= end_of_tag
        place = position
        for length, text in meaning.pieces:
            (outside if is_outside else inside).append((place, place + length, text))
            place += length
        if not meaning.is_tag:
            end = place
        if is_outside:
            end_of_tag = place if meaning.is_tag else 0
    for pieces in (outside, inside):
        if pieces:
            yield _resolved(folded, pieces)


def _resolved(folded: Folded, pieces: list[_Piece]) -> NormalizedStream:
    """Return the stream of the places around pieces of markup, which are read as they are meant."""
    raw = folded.folded
    texts: list[bytes | bytearray | memoryview] = []
    sources: list[int] = []
    end = 0
    for start, stop, text in pieces:
        # What lies between two pieces, or the margins of both.
        if start - end > 2 * _MARGIN:
            if end:
                texts.append(raw[end : end + _MARGIN])
                sources.append(end)
            end = start - _MARGIN
        texts += (raw[end:start], text)
        sources += (end, start)
        end = stop
    texts.append(raw[end : end + _MARGIN])
    sources.append(end)
    segments = SourceMap(texts, sources)
    return normalize_stream(segments.text, segments)


class _Meaning(NamedTuple):
    """What markup stands for, piece by piece: its length, and the fold of what a reader sees."""

    pieces: list[tuple[int, bytes]]
    is_tag: bool


@functools.lru_cache(maxsize=4096)
def _meaning(markup: bytes) -> _Meaning:
    """Return what markup stands for, each fold in no more bytes than its piece has."""
    return _in_bytes(markup.decode("utf-8", "replace"), len(markup))


@functools.lru_cache(maxsize=4096)
def _meaning_in_json(markup: bytes) -> _Meaning | None:
    """Do the same with raw JSON; return None for what reaches over the end of a text."""
    text = _unescape(markup)
    return None if text is None else _in_bytes(text, len(markup))


def _in_bytes(markup: str, size: int) -> _Meaning:
    *pieces, (_length, last) = decode(markup)
    # Raw JSON is longer than what it says where it is escaped.
    pieces.append((size - sum(length for length, _text in pieces), last))
    folded = [(length, b"".join(map(_as_bytes, text))[:length]) for length, text in pieces]
    return _Meaning(folded, markup[0] in "<[*")


def _unescape(markup: bytes) -> str | None:
    """Return a piece of raw JSON text as it is meant; None if it reaches over the end of a text."""
    try:
        return str(json.loads(f'"{markup.decode("utf-8", "replace")}"', strict=False))
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def _as_bytes(character: str) -> bytes:
    folded = fold(character)
    if not folded:
        return b""
    return encode(folded.encode()) if folded.isalnum() else bytes([TEXT_BREAK])


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
