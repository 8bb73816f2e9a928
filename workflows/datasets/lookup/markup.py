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

from workflows.datasets.lookup.folding import BREAK, fold
from workflows.datasets.lookup.squeeze import Folded, Segments, Squeezed, squeeze
from workflows.datasets.lookup.stream_bytes import encode

# Not "wang<at>example<dot>com".
_TAG = r"(?:/?(?!(?i:at|dot)>)[a-zA-Z][^<>]{0,400}|!--.{0,400}?--|![^<>]{0,400})"
_ENTITY = r"(?:amp;)*(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};|nbsp|shy)"
_PERCENT = r"(?:(?:%(?:25)*[0-9a-fA-F]{2})+|%(?:25)*u[0-9a-fA-F]{4})"
# An escape that was escaped in its turn has more of them. Bounded: a wall of them would be read
# again from each one.
_BACKSLASHES = "{1,8}"
_ESCAPE = r"(?:u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,5}\}|x[0-9a-fA-F]{2})"
_FORUM_TAG = (
    r"\[(?:\\?/)?(?i:b|i|u|s|color|size|font|url|email|img|quote|code|center|align|left|right|"
    r"(?:back|background)color|strike|spoiler|indent|list|sub|sup)(?:=[^\[\]\n]{0,100})?\]"
)
# Asterisks which begin or end bold letters inside a word, as in Markdown.
_BOLD = r"\*\*(?=(?<=[A-Za-z0-9]\*\*)[A-Za-z0-9])(?!ps?:)"

MARKUP = re.compile(
    rf"<{_TAG}>|{_FORUM_TAG}|{_BOLD}|&{_ENTITY}|{_PERCENT}|\\{_BACKSLASHES}{_ESCAPE}", re.DOTALL
)
FORUM_TAG = re.compile(_FORUM_TAG)
BOLD = re.compile(_BOLD)
MARKUP_IN_BYTES = re.compile(MARKUP.pattern.encode(), re.DOTALL)
# The same in JSON as it stands in a file, where <, > and & may be escaped and \ always is.
MARKUP_IN_JSON = re.compile(
    rf"(?:<|\\u003[cC])\\?{_TAG}(?:>|\\u003[eE])|{_FORUM_TAG}|{_BOLD}|(?:&|\\u0026){_ENTITY}|{_PERCENT}|(?:\\\\){_BACKSLASHES}{_ESCAPE}".encode(),
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


class _Piece(NamedTuple):
    """A stretch of bytes of markup, and the text that it stands for."""

    start: int
    end: int
    text: str


def without_markup(folded: Folded, *, escaped: bool) -> Iterator[Squeezed]:
    """Yield the streams of the places around markup: without tags, and of what is inside of tags.

    With `escaped`, the text is JSON as it stands in a file.
    """
    outside: list[_Piece] = []
    inside: list[_Piece] = []
    end_of_tag = 0
    for pieces, is_tag in _find(folded, escaped=escaped):
        if pieces[0].start < end_of_tag:
            inside += pieces
        else:
            outside += pieces
            end_of_tag = pieces[-1].end if is_tag else 0
    for pieces in (outside, inside):
        if pieces:
            yield _resolved(folded, pieces)


def _resolved(folded: Folded, pieces: list[_Piece]) -> Squeezed:
    """Return the stream of the places around pieces of markup, which are read as they are meant."""
    raw = folded.folded
    texts: list[bytes | bytearray] = []
    sources: list[int] = []
    end = 0
    for piece in pieces:
        # What lies between two pieces, or the margins of both.
        if piece.start - end > 2 * _MARGIN:
            if end:
                texts.append(raw[end : end + _MARGIN])
                sources.append(end)
            end = piece.start - _MARGIN
        texts += (raw[end : piece.start], _folded_text(piece))
        sources += (end, piece.start)
        end = piece.end
    texts.append(raw[end : end + _MARGIN])
    sources.append(end)
    segments = Segments(texts, sources)
    return squeeze(segments.text, segments)


def _find(folded: Folded, *, escaped: bool) -> Iterator[tuple[list[_Piece], bool]]:
    """Yield the markup in order, and whether it is a tag; also the markup inside of tags."""
    pattern = MARKUP_IN_JSON if escaped else MARKUP_IN_BYTES
    end = 0
    for position in folded.marks:
        match = pattern.match(folded.raw, position) if position >= end else None
        if match is None:
            continue
        markup = match[0].decode("utf-8", "replace")
        if escaped and "\\" in markup:
            whole = _unescape(markup)
            if whole is None:
                continue
            markup = whole
        if markup[0] in "<[*":
            yield [_Piece(*match.span(), "\n" if _BLOCK_TAG.match(markup) else "")], True
            continue
        end = match.end()
        pieces = []
        place = position
        for length, text in decode(markup):
            pieces.append(_Piece(place, place + length, text))
            place += length
        # Raw JSON is longer than what it says where it is escaped.
        pieces[-1] = _Piece(pieces[-1].start, end, pieces[-1].text)
        yield pieces, False


def _unescape(markup: str) -> str | None:
    """Return a piece of raw JSON text as it is meant; None if it reaches over the end of a text."""
    try:
        return str(json.loads(f'"{markup}"', strict=False))
    except ValueError:
        return None


def _folded_text(piece: _Piece) -> bytes:
    """Return the fold of what markup stands for, in no more bytes than it has itself."""
    if len(piece.text) < 2:  # noqa: PLR2004 - nearly always
        return _as_bytes(piece.text)[: piece.end - piece.start]
    return b"".join(map(_as_bytes, piece.text))[: piece.end - piece.start]


@functools.lru_cache(maxsize=4096)
def _as_bytes(character: str) -> bytes:
    folded = fold(character)
    if not folded:
        return b""
    return encode(folded.encode()) if folded.isalnum() else bytes([BREAK])
