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

import numpy as np

from workflows.corpus.normalize.characters import INVISIBLE, TEXT_BREAK, Positions, encode, fold
from workflows.corpus.normalize.kernel import native
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


def without_markup(folded: Folded, *, escaped: bool) -> Iterator[NormalizedStream]:
    """Yield the streams of the places around markup: without tags, and of what is inside of tags.

    With `escaped`, the text is JSON as it stands in a file.
    """
    if not len(folded.marks):
        return
    outside = bytearray(folded.folded)
    found = pieces(folded, outside, escaped=escaped)
    is_inside = found[:, 2] >= native.INSIDE
    inside = bytearray(folded.folded) if is_inside.any() else bytearray()
    meaning_of = _meaning_in_json if escaped else _meaning
    for start, stop, kind in found[found[:, 2] >= native.OTHER].tolist():
        markup = bytes(folded.raw[start:stop])
        known = len(markup) <= _LONGEST_KEPT
        meaning = meaning_of(markup) if known else meaning_of.__wrapped__(markup)
        assert meaning is not None
        _write(inside if kind >= native.INSIDE else outside, start, meaning)
    for text, among in ((outside, found[~is_inside]), (inside, found[is_inside])):
        if len(among):
            yield _surroundings(memoryview(text), among)


def pieces(folded: Folded, resolved: bytearray, *, escaped: bool) -> Positions:
    """Return where markup begins and ends and what it is, as `native.markup` does."""
    compiled = native.load()
    if compiled is not None:
        return native.markup(compiled, folded.raw, folded.marks, resolved, escaped=escaped)
    match_at = (MARKUP_IN_JSON if escaped else MARKUP_IN_BYTES).match
    meaning_of = _meaning_in_json if escaped else _meaning
    found: list[tuple[int, int, int]] = []
    end = end_of_tag = 0
    for start in folded.marks.tolist():
        match = match_at(folded.raw, start) if start >= end else None
        meaning = None if match is None else meaning_of.__wrapped__(match[0])
        if match is None or meaning is None:
            continue
        is_inside = start < end_of_tag
        stop = match.end()
        kind = native.TAG if meaning.is_tag and not is_inside else native.OTHER
        found.append((start, stop, kind | (native.INSIDE if is_inside else 0)))
        if not meaning.is_tag:
            end = stop
        if not is_inside:
            end_of_tag = stop if meaning.is_tag else 0
        if kind == native.TAG:
            _write(resolved, start, meaning)
    return np.array(found, np.intp).reshape(-1, 3)


def _surroundings(text: memoryview, among: Positions) -> NormalizedStream:
    """Return the stream of the places around pieces of markup in a text in which it is resolved."""
    starts, stops = among[:, 0], np.maximum.accumulate(among[:, 1])
    is_apart = starts[1:] - stops[:-1] > 2 * _MARGIN
    firsts = np.maximum(starts[np.append(True, is_apart)] - _MARGIN, 0).tolist()
    lasts = (stops[np.append(is_apart, True)] + _MARGIN).tolist()
    stretches = [text[first:last] for first, last in zip(firsts, lasts, strict=True)]
    segments = SourceMap(stretches, firsts)
    return normalize_stream(segments.text, segments)


class _Meaning(NamedTuple):
    """What markup stands for, piece by piece: its length, and the fold of what a reader sees."""

    pieces: list[tuple[int, bytes]]
    is_tag: bool


def _write(text: bytearray, place: int, meaning: _Meaning) -> None:
    """Write over markup what it stands for, and fill up what is left."""
    for length, fold_of_piece in meaning.pieces:
        text[place : place + length] = fold_of_piece.ljust(length, bytes([INVISIBLE]))
        place += length


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
