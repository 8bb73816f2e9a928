r"""Markup inside a text: tags, HTML entities, percent-encoding, and \u escapes of programs.

People's identifiers are cut by it (`<b>138</b>0013…`, `wang&#64;example.com`), so both stages
look at such places twice: with the tags and without them; everything else is decoded in both.
"""

import html
import json
import re
from collections.abc import Iterator

import numpy as np

from workflows.datasets.lookup.escapes import code_units, escapes
from workflows.datasets.lookup.folding import BREAK, INVISIBLE, fold
from workflows.datasets.lookup.squeeze import (
    Bytes,
    Folded,
    Positions,
    Squeezed,
    encode,
    squeeze,
)

_TAG = r"(?:/?[a-zA-Z][^<>]{0,400}|!--.{0,400}?--|![^<>]{0,400})"
_ENTITY = r"(?:amp;)*(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};)"
_PERCENT = r"(?:%(?:25)*[0-9a-fA-F]{2})+"
_ESCAPE = r"(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})"

MARKUP = re.compile(rf"<{_TAG}>|&{_ENTITY}|{_PERCENT}|\\{_ESCAPE}", re.DOTALL)
_MARKUP_IN_BYTES = re.compile(MARKUP.pattern.encode(), re.DOTALL)
# The same in JSON as it stands in a file, where <, > and & may be escaped and \ always is.
_MARKUP_IN_JSON = re.compile(
    rf"(?:<|\\u003[cC])\\?{_TAG}(?:>|\\u003[eE])|(?:&|\\u0026){_ENTITY}|{_PERCENT}|\\\\{_ESCAPE}".encode(),
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
    if markup[0] == "<":
        return [(len(markup), "\n" if _BLOCK_TAG.match(markup) else "")]
    if markup[0] == "&":
        return [(len(markup), html.unescape(re.sub(r"^&(?:amp;)*", "&", markup)))]
    if markup[0] == "%":
        return _decode_percent(markup)
    digits = markup[2:]  # of \u4e00 or \xe9
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


def without_markup(folded: Folded, *, escaped: bool) -> Iterator[Squeezed]:
    """Yield the streams of the places around markup: without tags, and with tags if both differ.

    With `escaped`, the text is JSON as it stands in a file.
    """
    found = list(_find(folded, escaped=escaped))
    if not found:
        return
    size = folded.result.size
    places = np.concatenate([np.arange(*window) for window in _windows(found, size)])
    decoded = folded.result.copy()
    tags = []
    for start, end, text, is_tag in found:
        if is_tag:
            tags.append((start, end, text))
        else:
            _replace(decoded, start, end, text)
    if len(tags) < len(found):
        yield squeeze(decoded, places)
    if tags:
        for start, end, text in tags:
            _replace(decoded, start, end, text)
        yield squeeze(decoded, places)


def _find(folded: Folded, *, escaped: bool) -> Iterator[tuple[int, int, str, bool]]:
    """Yield start, end and meaning of each piece of markup, and whether it is a tag."""
    pattern = _MARKUP_IN_JSON if escaped else _MARKUP_IN_BYTES
    end = 0
    for position in _candidates(folded, escaped=escaped).tolist():
        match = pattern.match(folded.raw, position) if position >= end else None
        if match is None:
            continue
        markup = match[0].decode("utf-8", "replace")
        if escaped and "\\" in markup:
            markup = _unescape(markup)
        pieces = decode(markup)
        if len(pieces) == 1:
            yield *match.span(), pieces[0][1], markup[0] == "<"
        else:
            place = position
            for length, text in pieces:
                yield place, place + length, text, False
                place += length
        if markup[0] != "<":  # there is markup inside of tags too
            end = match.end()


def _unescape(markup: str) -> str:
    """Return a piece of raw JSON text as it is meant; as it is, if it was cut in an escape."""
    try:
        return str(json.loads(f'"{markup}"', strict=False))
    except ValueError:
        return markup


def _candidates(folded: Folded, *, escaped: bool) -> Positions:
    """Return the positions of < & % and of backslashes that may begin markup, in order."""
    source, special = folded.source, folded.special
    byte = source[special]
    positions: Positions = special[(byte == ord("<")) | (byte == ord("&")) | (byte == ord("%"))]
    begins = escapes(folded)
    if not begins.size:
        return positions
    if escaped:
        units, codes = code_units(source, begins)
        positions = np.append(positions, units[(codes == ord("<")) | (codes == ord("&"))])
        begins = begins[source[begins + 1] == ord("\\")]
        following = source[np.minimum(begins + 2, source.size - 1)]
    else:
        following = source[begins + 1]
    return np.sort(np.append(positions, begins[(following == ord("u")) | (following == ord("x"))]))


def _windows(found: list[tuple[int, int, str, bool]], size: int) -> Iterator[tuple[int, int]]:
    """Yield the places around the markup, overlapping ones as one."""
    first, last = 0, 0
    for start, end, _text, _is_tag in found:
        if start - _MARGIN > last:
            if last:
                yield first, last
            first = start - _MARGIN
        last = max(last, min(end + _MARGIN, size))
    yield first, last


def _replace(folded: Bytes, start: int, end: int, text: str) -> None:
    """Write the fold of `text` over a piece of markup, and invisible bytes over the rest of it."""
    folded[start:end] = INVISIBLE
    written = b"".join(_as_bytes(fold(character)) for character in text)[: end - start]
    if written:
        folded[start : start + len(written)] = np.frombuffer(written, np.uint8)


def _as_bytes(folded: str) -> bytes:
    if not folded:
        return bytes([INVISIBLE])
    return encode(folded.encode()) if folded.isalnum() else bytes([BREAK])
