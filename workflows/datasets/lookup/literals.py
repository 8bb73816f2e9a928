"""The byte strings that the first stage searches for, made from spellings.

They are compared with the stream of `squeeze`: letters and digits only, lower case, the first
letter of each Latin word in upper case. A literal may find too much; it must find every place where
the spelling stands. What is short therefore asks for the starts of words, so that "Li Na" is not
found in "Carolina"; what is long is compared without regard to case.
"""

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workflows.datasets.lookup.folding import written_forms
from workflows.datasets.lookup.variants import NAME, SPELT, WORDS, Spelling, View

# Bytes from which a literal is rare enough by itself.
_LONG = 8
# Letters around the @ that are enough to recognise an address.
_ADDRESS = 6
# A last piece before the @ which is rare enough by itself: "deng2498".
_RARE = re.compile(r"(?=.*[0-9]).{7,}")
_MAX_FORMS = 64


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes to search for in a squeezed stream."""

    value: bytes
    caseless: bool


def literals(spelling: Spelling) -> Iterator[Literal]:
    """Yield the literals that together find every place of a spelling."""
    if spelling.view is View.PHONE:
        for digits in _lookalikes(spelling.parts[0]):
            yield Literal(digits.encode(), caseless=True)
    elif spelling.view is View.SIMPLIFIED:
        for form in _han_forms("".join(spelling.parts)):
            yield Literal(form.encode(), caseless=True)
    else:
        core = _core(spelling)
        if "@" not in spelling.joins and len("".join(core.parts).encode()) < _LONG:
            for form in _word_starts(core.parts):
                yield Literal(form.encode(), caseless=False)
        else:
            for form in _worded(core):
                yield Literal(form.encode(), caseless=True)


def _lookalikes(digits: str) -> set[str]:
    """Return the digits, and with the letters o for 0 and l or i for 1 throughout."""
    zeros = (digits, digits.replace("0", "o"))
    return {form.replace("1", one) for form in zeros for one in ("1", "l", "i")}


def _han_forms(name: str) -> set[str]:
    """Return a name in every mixture of simplified and traditional characters."""
    forms = [tuple(written_forms(character)) for character in name]
    if math.prod(map(len, forms)) > _MAX_FORMS:
        # A very long name: wholly simplified, or each character in its first traditional form.
        return {name, "".join(form[1] if len(form) > 1 else form[0] for form in forms)}
    return {"".join(form) for form in itertools.product(*forms)}


def _core(spelling: Spelling) -> Spelling:
    """Return the part of a spelling that is searched for: enough of it, with few marks."""
    parts, joins = spelling.parts, spelling.joins
    if NAME in joins or SPELT in joins or not joins:
        return spelling
    if "@" in joins:
        first = joins.index("@")
        if _RARE.fullmatch(parts[first]):
            return Spelling(parts[first : first + 1])
        last = first + 1
        while len("".join(parts[first : last + 1])) < _ADDRESS and (first or last < len(joins)):
            if first:
                first -= 1
            else:
                last += 1
    else:
        first, last = len(joins), len(joins)
        while first and len("".join(parts[first:])) < _LONG:
            first -= 1
    return Spelling(parts[first : last + 1], joins[first:last])


def _worded(core: Spelling) -> Iterator[str]:
    """Yield the core with each mark left out (it is squeezed away) or written as a word."""
    for words in itertools.product(*(("", *WORDS.get(join, ())) for join in core.joins)):
        yield core.parts[0] + "".join(itertools.chain(*zip(words, core.parts[1:], strict=True)))


def _word_starts(parts: tuple[str, ...]) -> set[str]:
    """Return short pieces as the stream shows them: each piece a word of its own, or joined."""
    forms = set()
    for gaps in itertools.product(("", " "), repeat=len(parts) - 1):
        text = parts[0] + "".join(itertools.chain(*zip(gaps, parts[1:], strict=True)))
        forms.add(re.sub(r"(?<![a-z])[a-z]", lambda start: start[0].upper(), text).replace(" ", ""))
    return forms
