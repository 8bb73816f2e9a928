"""What visibly belongs to a spelling at its ends: the other halves of pairs, marks on a character.

A span that began or ended in the middle of a pair of brackets, tags, quotation marks or asterisks
would leave the other half behind when it is taken out.
"""

import re
import unicodedata

_BRACKETS = dict(zip(")]}】）］》〉」』〕»”", "([{【（［《〈「『〔«“", strict=True))
_BRACKET = re.compile(f"[{re.escape(''.join([*_BRACKETS, *_BRACKETS.values()]))}]")
_TAG = re.compile(r"[<\[](/?)([a-zA-Z][a-zA-Z0-9]*)(?:\b[^<>\[\]]*)?[>\]]")
_TAG_AT_END = re.compile(r"[<\[]([a-zA-Z][a-zA-Z0-9]*)(?:\b[^<>\[\]]*)?[>\]]\Z")
# Asterisks and the like around a word make it bold. Not the apostrophe, which names have.
_TWINS = ("**", "~~", "``", "*", "`", '"')
_TWIN = re.compile(r"[*~`\"]")
# A span without any of them has no half of a pair.
_PAIRED = re.compile(f"{_BRACKET.pattern}|{_TWIN.pattern}|<")


def expand_to_delimiters(source: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of a source with what visibly belongs to it at its ends."""
    while end < len(source) and unicodedata.category(source[end])[0] == "M":
        end += 1
    if _PAIRED.search(source, start, end):
        for complete in (_brackets, _tags, _twins):
            start, end = complete(source, start, end)
    return start, end


def unmatched_brackets(text: str) -> int:
    """Return how many brackets are opened and not closed in a text."""
    return sum(map(text.count, _BRACKETS.values())) - sum(map(text.count, _BRACKETS))


def _brackets(source: str, start: int, end: int) -> tuple[int, int]:
    if not _BRACKET.search(source, start, end):
        return start, end
    closing, opened = _halves([(c in _BRACKETS, _BRACKETS.get(c, c)) for c in source[start:end]])
    opened = [c for c in opened if c in _BRACKETS.values()]
    if opened and _BRACKETS.get(source[end : end + 1]) == opened[-1]:
        end += 1
    if closing and start and source[start - 1] == closing[0]:
        start -= 1
    return start, end


def _tags(source: str, start: int, end: int) -> tuple[int, int]:
    text = source[start:end]
    if "<" not in text and "[" not in text:
        return start, end
    closing, opened = _halves([(bool(tag[1]), tag[2].lower()) for tag in _TAG.finditer(text)])
    following = _TAG.match(source, end)
    if following and following[1] and following[2].lower() in opened:
        end = following.end()
    before = _TAG_AT_END.search(source, 0, start)
    if before and before[1].lower() in closing:
        start = before.start()
    return start, end


def _halves(signs: list[tuple[bool, str]]) -> tuple[list[str], list[str]]:
    """Return what is closed and was not opened, and what is opened and not closed, in order."""
    closing: list[str] = []
    opened: list[str] = []
    for closes, sign in signs:
        if not closes:
            opened.append(sign)
        elif sign in opened:
            del opened[len(opened) - 1 - opened[::-1].index(sign) :]
        else:
            closing.append(sign)
    return closing, opened


def _twins(source: str, start: int, end: int) -> tuple[int, int]:
    if not _TWIN.search(source, start, end):
        return start, end
    for mark in _TWINS:
        inside = source.count(mark, start, end)
        if inside:
            size = len(mark)
            before = source.endswith(mark, 0, start)
            after = source.startswith(mark, end)
            if before and (inside % 2 or after):
                start -= size
            if after and (not inside % 2 if before else inside % 2):
                end += size
            break
    return start, end
