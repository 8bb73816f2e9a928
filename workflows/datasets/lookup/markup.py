r"""Markup inside a text: tags, HTML entities, percent-encoding, and \u escapes of programs.

People's identifiers are cut by it (`<b>138</b>0013…`, `wang&#64;example.com`), so both stages
look at such places twice: with the tags and without them; everything else is decoded in both.
"""

import functools
import html
import re
import urllib.parse
from collections.abc import Iterator

import numpy as np

from workflows.datasets.lookup.folding import fold_character
from workflows.datasets.lookup.squeeze import (
    Bytes,
    Positions,
    Squeezed,
    code_units,
    escapes,
    squeeze,
)

_TAG = r"(?:/?[a-zA-Z][^<>]{0,400}|!--.{0,400}?--|![^<>]{0,400})"
_ENTITY = r"(?:amp;)*(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};)"
_PERCENT = r"(?:%[0-9a-fA-F]{2})+"
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
_MARGIN = 192


@functools.lru_cache(maxsize=4096)
def decode(markup: str) -> str:
    """Return what a reader sees in place of markup; a tag that ends a line is a newline."""
    if markup[0] == "<":
        return "\n" if _BLOCK_TAG.match(markup) else ""
    if markup[0] == "&":
        return html.unescape(re.sub(r"^&(?:amp;)*", "&", markup))
    if markup[0] == "%":
        return urllib.parse.unquote(markup)
    digits = markup[2:]  # of \u4e00 or \xe9
    return chr(int(digits, 16))


def without_markup(raw: bytes, folded: Bytes, *, escaped: bool) -> Iterator[Squeezed]:
    """Yield the streams of the places around markup: without tags, and with tags if both differ.

    `raw` and `folded` are as in `squeeze.fold_bytes`; the sources of the streams lie there.
    """
    found = list(_find(raw, escaped=escaped))
    if not found:
        return
    indexes = np.concatenate([np.arange(*window) for window in _windows(found, len(raw))])
    decoded = folded.copy()
    tags = []
    for start, end, text, is_tag in found:
        if is_tag:
            tags.append((start, end, text))
        else:
            _replace(decoded, start, end, text)
    if len(tags) < len(found):
        yield _select(decoded, indexes)
    if tags:
        for start, end, text in tags:
            _replace(decoded, start, end, text)
        yield _select(decoded, indexes)


def _select(folded: Bytes, indexes: Positions) -> Squeezed:
    squeezed = squeeze(folded[indexes])
    return Squeezed(squeezed.stream, indexes[squeezed.sources])


def _find(raw: bytes, *, escaped: bool) -> Iterator[tuple[int, int, str, bool]]:
    """Yield start, end and meaning of each piece of markup, and whether it is a tag."""
    pattern = _MARKUP_IN_JSON if escaped else _MARKUP_IN_BYTES
    for position in _candidates(raw, escaped=escaped).tolist():
        match = pattern.match(raw, position)
        if match is None:
            continue
        markup = match[0].decode("utf-8", "replace")
        if escaped and "\\" in markup:
            markup = re.sub(r"\\u00([0-9a-fA-F]{2})", lambda unit: chr(int(unit[1], 16)), markup)
            markup = markup.replace("\\\\", "\\").replace("<\\/", "</")
        yield match.start(), match.end(), decode(markup), markup[0] == "<"


def _candidates(raw: bytes, *, escaped: bool) -> Positions:
    """Return the positions of < & % and of backslashes that may begin markup, in order."""
    source = np.frombuffer(raw, np.uint8)
    positions = np.flatnonzero((source == ord("<")) | (source == ord("&")) | (source == ord("%")))
    begins = escapes(source)
    if not begins.size:
        return positions
    following = source[begins + 1]
    if escaped:
        units, codes = code_units(source, begins)
        special = units[(codes == ord("<")) | (codes == ord("&"))]
        begins = begins[following == ord("\\")]
        following = source[np.minimum(begins + 2, source.size - 1)]
    else:
        special = begins[:0]
    begins = begins[(following == ord("u")) | (following == ord("x"))]
    return np.sort(np.concatenate([positions, special, begins]))


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
    written = b"".join(_as_bytes(character) for character in text)[: end - start]
    folded[start:end] = np.frombuffer(written.ljust(end - start, b"\x01"), np.uint8)


def _as_bytes(character: str) -> bytes:
    folded = fold_character(character)
    if not folded:
        return b"\x01"
    return folded.encode() if folded.isalnum() else b"\x00"
