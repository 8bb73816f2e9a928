"""The byte strings that the first stage searches for, made from spellings.

They are compared with the stream of `normalize_stream`: letters and digits, and a break after a
Latin letter if anything follows it that is neither. So a join after a letter has two forms. A
literal may find too much; it must find every place where the spelling stands. What is short must be
a word, so that "Li Na" is not found in "Carolina".
"""

import functools
import itertools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from workflows.corpus.match.spellings import NAME, WORDS, Spelling, SpellingForm
from workflows.corpus.normalize.characters import TEXT_BREAK, written_forms

_BREAK = chr(TEXT_BREAK)
_LETTER = re.compile("[a-z]")
# Bytes from which a literal is rare enough by itself.
_LONG = 8
# Letters of two words of a name, or around an @, that are enough to recognise it.
_ENOUGH = 6
# Letters of the name of a computer that are left of it, as "exam-" at the end of a line.
_BEGINNING = 3
# A piece of an address which is rare enough by itself: "deng2498".
_RARE = re.compile(r"(?=.*[0-9])(?=.*[a-z]).{6,}|[0-9]{7,}")
_MAX_FORMS = 64
# Forms of one spelling. Each mark in it multiplies them, and to compile millions takes minutes and
# gigabytes.
_MOST_FORMS = 1 << 14
_CHINA = "86"
# What is left in a stream of an @ in encoded mail: =40.
_QUOTED_AT = ("40",)
_PINYIN = ("ling", "yao", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")
# How many digits stand before the gaps in numbers of that length.
_GROUPS = {8: (4,), 10: (3, 6), 11: (3, 7)}

Parts = tuple[str, ...]


class Literal(NamedTuple):
    """Bytes to search for in a squeezed stream; a `word` is nothing within longer words."""

    value: bytes
    word: bool = False


def literals(spelling: Spelling, *, lookalikes: bool = True) -> Iterator[Literal]:
    """Yield the literals that together find every place of a spelling.

    Without `digit_lookalikes`, not those of long numbers with letters for digits.
    """
    whole = _core(spelling) == spelling and "@" not in spelling.joins
    long_number = spelling.in_digits and len(spelling.parts[0]) >= _LONG
    forms = _forms(spelling, cut=True, lookalikes=lookalikes or not long_number)
    for form in dict.fromkeys((*forms, *_encoded(spelling))):
        value = form.encode()
        yield Literal(value, word=whole and len(value) < _LONG and bool(_LETTER.search(form)))


def rest_of_name(spelling: Spelling) -> tuple[Parts, Parts]:
    """Return the words of a name that stand before and behind those that are searched for."""
    core = _core(spelling)
    if NAME not in spelling.joins or spelling.view is not SpellingForm.TEXT or core is spelling:
        return (), ()
    size = len(core.parts)
    first = next(
        n for n in range(len(spelling.parts)) if spelling.parts[n : n + size] == core.parts
    )
    return spelling.parts[:first], spelling.parts[first + size :]


def whole_words(spelling: Spelling) -> Iterator[str]:
    """Yield texts of which one stands in the stream where a spelling does, as whole words of it.

    Digits at their ends may have grown together with others.
    """
    named = NAME in spelling.joins and spelling.view is not SpellingForm.APART
    yield from _worded(_some_words(spelling)) if named else _forms(spelling)


def _forms(spelling: Spelling, *, cut: bool = False, lookalikes: bool = True) -> Iterator[str]:
    """Yield what is searched for; of addresses, if `cut`, only what a line end may not break.

    Without `digit_lookalikes`, no letters for digits.
    """
    if spelling.view is SpellingForm.PHONE:
        digits = spelling.parts[0]
        yield from _lookalikes(digits) if lookalikes else (digits,)
    elif spelling.view is SpellingForm.SIMPLIFIED:
        yield from _han_forms("".join(spelling.parts))
    elif spelling.view is SpellingForm.ID:
        # What follows a letter may be set apart: "AB 123456". An X at the end may be a word.
        number = spelling.parts[0].removesuffix("x")
        longest = max(re.split(r"(?<=[a-z])", number), key=len)
        yield longest
        if spelling.in_digits and lookalikes:  # as a scanner reads it
            yield longest.replace("0", "o").replace("1", "i")
    elif spelling.view is SpellingForm.APART:
        yield _letters_apart("".join(spelling.parts))
    else:
        core = _core(spelling)
        yield from _worded(_cut(core) if cut else core)
        letters = "".join(core.parts)
        if "@" in spelling.joins or (NAME not in spelling.joins and len(letters) >= _ENOUGH):
            # Letters one by one, as people write an address to hide it from programs.
            yield _letters_apart(letters)


def _cut(core: Spelling) -> Spelling:
    """Return the core of an address without the end of its last piece, if the rest is enough."""
    *parts, last = core.parts
    if core.joins[-1:] != ("@",):
        return core
    size = max(_BEGINNING, _ENOUGH - len("".join(parts)))
    return Spelling((*parts, last[:size]), core.joins)


def _letters_apart(letters: str) -> str:
    return re.sub(r"(?<=[a-z])(?=.)", _BREAK, letters)


def _encoded(spelling: Spelling) -> Iterator[str]:
    r"""Yield what a spelling looks like where its encoding was not undone, of those that have it.

    Chinese characters: in mail (=E7=8E=8B), in programs (\xe7\x8e\x8b), or u738b without its
    backslash. Digits of a telephone number: in pinyin.
    """
    if spelling.view is SpellingForm.SIMPLIFIED:
        octets = [f"{octet:02x}" for octet in spelling.given.encode()]
        yield _as_streamed("=".join(octets))
        yield _as_streamed("\\".join(f"x{octet}" for octet in octets))
        yield "".join(f"u{ord(c):04x}" for c in spelling.given)
    elif spelling.view is SpellingForm.PHONE and spelling.country == _CHINA:
        for one in ("yao", "yi"):
            words = [one if digit == "1" else _PINYIN[int(digit)] for digit in spelling.parts[0]]
            yield "".join(words)
            yield _BREAK.join(words)


def _as_streamed(text: str) -> str:
    """Return text of ASCII as it stands in a stream."""
    return re.sub(r"(?<=[a-z])[=\\]", _BREAK, text).replace("=", "").replace("\\", "")


def _lookalikes(digits: str) -> set[str]:
    """Return the digits, and with the letters o for 0 and l or i for 1: throughout, or first.

    In the usual groups, a break may follow a letter: "I38OO OOI3".
    """
    zeros = (digits, digits.replace("0", "o"))
    forms = {form.replace("1", one) for form in zeros for one in "1li"}
    if digits.startswith("1"):
        forms |= {one + digits[1:] for one in "li"}
    ends = _GROUPS.get(len(digits), ())
    return forms | {
        "".join(
            c + _BREAK if place in ends and _LETTER.match(c) else c
            for place, c in enumerate(form, 1)
        )
        for form in forms
    }


def _han_forms(name: str) -> set[str]:
    """Return a name in every mixture of simplified and traditional characters."""
    forms = [tuple(written_forms(character)) for character in name]
    if math.prod(map(len, forms)) > _MAX_FORMS:
        # A very long name: wholly simplified, or each character in its first traditional form.
        return {name, "".join(form[1] if len(form) > 1 else form[0] for form in forms)}
    return {"".join(form) for form in itertools.product(*forms)}


@functools.lru_cache(maxsize=1)  # asked for several times in a row
def _core(spelling: Spelling) -> Spelling:
    """Return the part of a spelling that is searched for: enough of it, with few marks."""
    parts, joins = spelling.parts, spelling.joins
    if NAME in joins:
        first = max(range(len(joins)), key=lambda index: len(parts[index] + parts[index + 1]))
        pair = parts[first : first + 2]
        if len("".join(pair)) >= _ENOUGH:
            return Spelling(pair, (NAME,))
        return _some_words(spelling)
    at = joins.index("@") if "@" in joins else len(joins)
    rare = [part for part in parts[: at + 1] if _RARE.fullmatch(part)]
    if rare:
        return Spelling((max(rare, key=len),))
    enough = _ENOUGH if "@" in joins else _LONG
    best = Spelling(())
    for last in range(min(at + 1, len(joins)), len(joins) + 1):
        for first in range(at, -1, -1):
            core = Spelling(parts[first : last + 1], joins[first:last])
            if _count(core) > _MOST_FORMS:
                break
            letters = len("".join(core.parts))
            if letters > len("".join(best.parts)):
                best = core
            if letters >= enough and last <= at + 1:
                return core
        if len("".join(best.parts)) >= enough:
            break
    return best


def _some_words(name: Spelling) -> Spelling:
    """Return the first words of a name: all of them, if they are not very many."""
    most = _MOST_FORMS.bit_length()
    if len(name.parts) <= most:
        return name
    return Spelling(name.parts[:most], name.joins[: most - 1])


def _worded(core: Spelling) -> Iterator[str]:
    """Yield the core with each mark left out, kept as a break, or written as a word."""
    for joins in itertools.product(*_joins(core)):
        yield core.parts[0] + "".join(itertools.chain(*zip(joins, core.parts[1:], strict=True)))


def _count(core: Spelling) -> int:
    """Return how many forms a core has."""
    return math.prod(map(len, _joins(core)))


def _joins(core: Spelling) -> list[tuple[str, ...]]:
    """Return what may stand in the stream for each mark of a core."""
    pairs = zip(core.parts, core.joins, strict=False)
    return [_written(join, _gaps(before)) for before, join in pairs]


@functools.lru_cache(maxsize=256)
def _written(join: str, gaps: tuple[str, ...]) -> tuple[str, ...]:
    """Return what may stand for a mark behind a piece with these gaps."""
    return gaps + tuple(
        first + word + second
        for word in (*WORDS.get(join, ()), *(_QUOTED_AT if join == "@" else ()))
        for first in gaps
        for second in _gaps(word)
    )


def _gaps(before: str) -> tuple[str, ...]:
    """Return what the stream may show after a piece: nothing, or a break after a letter."""
    return ("", _BREAK) if _LETTER.match(before[-1]) else ("",)
