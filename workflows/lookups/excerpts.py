"""The words around a hit, as staff see them: enough to judge it, without what others would lose.

Pure: texts go in, texts come out. What identifies third parties is masked before it is stored.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Characters on either side of a hit.
CONTEXT_CHARS = 120
MASK = "▒"

# What identifies somebody by itself. A name cannot be told from other words by a machine.
_IDENTIFIERS = re.compile(
    r"""
      [\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+      # an e-mail address
    | (?:https?://|www\.)[^\s<>"'，。、]+               # a web address
    | (?<![\w@])@\w{2,}                                # a handle
    | \+?\d(?:[ ().\-/\u00a0]{0,2}\d){6,17}[Xx]?       # a phone, card or identity number
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A hit with what stands before and after it."""

    before: str
    hit: str
    after: str


def excerpt(text: str, start: int, end: int, *, own: Iterable[tuple[int, int]]) -> Excerpt:
    """Return the hit `text[start:end]` with its surroundings, the identifiers of others masked.

    `own` are the spans of all hits of the same person in this text: they stay readable. Spans
    are code points, as the look-up gives them.
    """
    first, last = max(0, start - CONTEXT_CHARS), min(len(text), end + CONTEXT_CHARS)
    kept = [*own, (start, end)]
    # A wider stretch is searched, so that an identifier which is cut at the edge is masked too.
    # Not more of the text is touched: it may have millions of letters, and thousands of hits.
    begin, stop = max(0, first - CONTEXT_CHARS), min(len(text), last + CONTEXT_CHARS)
    shown = list(text[begin:stop])
    for found in _IDENTIFIERS.finditer(text, begin, stop):
        if not any(a < found.end() and found.start() < b for a, b in kept):
            size = found.end() - found.start()
            shown[found.start() - begin : found.end() - begin] = MASK * size
    return Excerpt(
        ("…" if first else "") + "".join(shown[first - begin : start - begin]),
        text[start:end],
        "".join(shown[end - begin : last - begin]) + ("…" if last < len(text) else ""),
    )
