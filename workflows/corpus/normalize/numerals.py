"""Numbers that are not written in digits: with Chinese numerals, in words, with letters for digits.

People write them so to hide a telephone number from programs. Two signs or words in a row show that
such a number may stand there; then it is read as digits.
"""

import functools
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from workflows.corpus.normalize.characters import (
    LEAST_DIGITS,
    LEAST_SIGNS,
    LOOKALIKES,
    REACH_OF_NUMBER,
    TEXT_BREAK,
    decode,
)

# The last of some rows are said on the telephone: 洞, 幺, 两, 拐, 勾.
_NUMERALS = (
    "零洞",
    "一壹弌幺",
    "二贰貳弍两兩",
    "三叁參叄弎",
    "四肆",
    "五伍",
    "六陆陸",
    "七柒拐",
    "八捌",
    "九玖勾",
)
NUMERALS = "".join(_NUMERALS)
# Written for 幺 in Taiwan. It is too common to show by itself that a number may stand there.
_ONE_IN_TAIWAN = "么"
# Strokes of Chinese characters, and what the words for a dash and a space consist of: they part the
# groups of a number.
STROKES = "丨丶杠横空格"
_LETTERS_FOR_DIGITS = {"o": "0", "l": "1", "i": "1"}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {
    **{sign: str(value) for value, signs in enumerate(_NUMERALS) for sign in signs},
    **{word: str(value) for value, word in enumerate(_WORDS)},
    "oh": "0",
    "hundred": "00",
    "thousand": "000",
}
_TIMES = {"double": 2, "triple": 3}
_PARTING_WORDS = ("dash", "hyphen", "space", "then")
_PINYIN = {
    **dict.fromkeys(("ling", "dong"), "0"),
    **dict.fromkeys(("yao", "yi"), "1"),
    **dict.fromkeys(("er", "liang"), "2"),
    **dict(zip(("san", "si", "wu", "liu", "qi", "ba", "jiu"), "3456789", strict=True)),
}
# What shows that a number in words, or with words between its groups, may stand there.
WORDS_IN_NUMBERS = (*_WORDS, "oh", *_TIMES, *_PARTING_WORDS)
_ENGLISH = "|".join([*_WORDS, "oh", "hundred", "thousand"])
_SEVERAL = "|".join(_TIMES)
_PARTING = "|".join(_PARTING_WORDS)

# How the letters of a text are read where a number is expected. In numbers of digits people also
# write letters that look like 0 and 1.
HAN_DIGITS = {ord(sign): digit for sign, digit in _DIGITS.items() if len(sign) == 1}
HAN_DIGITS[ord(_ONE_IN_TAIWAN)] = "1"
DIGITS_IN_LETTERS = HAN_DIGITS | {ord(c): digit for c, digit in _LETTERS_FOR_DIGITS.items()}


# --- In the decoded text --------------------------------------------------------------------------

_IN_WORDS = re.compile(
    rf"(?P<times>{_SEVERAL})[\W_]{{0,4}}(?P<repeated>{_ENGLISH}|[0-9])|(?P<word>{_ENGLISH})|"
    rf"(?P<parting>{_PARTING})|[0-9{NUMERALS}]",
    re.IGNORECASE,
)
_NUMBER_OF_WORDS = re.compile(
    rf"(?:(?:{_ENGLISH}|{_SEVERAL}|{_PARTING}|[0-9{NUMERALS}])[\W_]{{0,4}}){{5,}}", re.IGNORECASE
)
# Ignoring case costs several times as much, so the text in lower case is asked first.
_WORD = re.compile(f"{_ENGLISH}|{_PARTING}")
# Several words, so that "phone" and "someone" are no sign of a number; fewer in a long number which
# begins where a word does.
_ENOUGH_WORDS = 3
_ENOUGH_DIGITS = 7
_PINYIN_DIGIT = re.compile("|".join(sorted(_PINYIN, key=len, reverse=True)), re.IGNORECASE)
_PINYIN_NUMBER = re.compile(rf"(?:(?:{_PINYIN_DIGIT.pattern})[\W_]{{0,4}}){{8,}}", re.IGNORECASE)
_PINYIN_IN_LOWER_CASE = re.compile(_PINYIN_NUMBER.pattern)

Replacement = tuple[int, int, str]


def digits_in_words(text: str) -> list[Replacement]:
    """Return where digits stand as words in a text, and which; of numbers only.

    English words, also "double zero" and "dash", and Chinese ones in Latin letters.
    """
    lower = text.lower()
    if _WORD.search(lower):
        found = [
            replacement
            for number in _NUMBER_OF_WORDS.finditer(text)
            if _WORD.search(number[0].lower())
            for replacement in _replacements(text, number)
        ]
        if found:
            return found
    if not _PINYIN_IN_LOWER_CASE.search(lower):
        return []
    return [
        (digit.start(), digit.end(), _PINYIN[digit[0].lower()])
        for number in _PINYIN_NUMBER.finditer(text)
        for digit in _PINYIN_DIGIT.finditer(text, number.start(), number.end())
    ]


def _replacements(text: str, number: re.Match[str]) -> list[Replacement]:
    found = []
    digits = 0
    for token in _IN_WORDS.finditer(text, number.start(), number.end()):
        value = token["word"] or token["repeated"]
        value = _DIGITS.get(value.lower(), value) if value else ""
        if token["times"]:
            value *= _TIMES[token["times"].lower()]
        digits += len(value) or token["parting"] is None
        if value or token["parting"]:
            found.append((token.start(), token.end(), value or "-"))
    before = text[: number.start()][-1:]
    begins_a_word = not (before.isascii() and before.isalpha())
    enough = len(found) >= _ENOUGH_WORDS or (begins_a_word and digits >= _ENOUGH_DIGITS)
    return found if enough else []


# --- In the stream --------------------------------------------------------------------------------

_GAP = chr(TEXT_BREAK)
_TOKEN = re.compile(
    rf"(?P<times>{_SEVERAL}){_GAP}?(?P<repeated>{_ENGLISH}|[0-9])|{_ENGLISH}|"
    rf"(?P<parting>{_PARTING}|[{STROKES}{_GAP}])|[0-9]+|.",
    re.DOTALL,
)
_LOOKALIKES = "".join(_LETTERS_FOR_DIGITS)
_DIGIT = f"[0-9{_LOOKALIKES}{NUMERALS}]"
_NUMBER = re.compile(f"(?:(?:{_DIGIT}|{_ONE_IN_TAIWAN})[{STROKES}{_GAP}]{{0,2}}){{8,}}")
_SAID = f"{_ENGLISH}|{_SEVERAL}|{_PARTING}"
# It does not begin with the end of a word: "will one …".
NUMBER_IN_WORDS = re.compile(
    rf"(?:(?<![a-z])|(?![{_LOOKALIKES}])|(?={_SAID}))"
    rf"(?:(?:{_SAID}|{_DIGIT})[{STROKES}{_GAP}]?){{8,}}"
)


# Letters before and behind the digits which belong to a number: E12345678, 11010519491231002X.
_LETTERS = 3


def may_be_number(stream: bytes, near: int) -> bool:
    """Tell whether a number in numerals, long enough to be looked for, goes over this place."""
    around = decode(stream[max(0, near - REACH_OF_NUMBER) : near + REACH_OF_NUMBER])
    return bool(_NUMBER.search(around.decode("utf-8", "ignore")))


# Such a number, with the letters at its edges, and what else stands before and behind it.
_LOOKALIKE_RUN = re.compile(rb"([oil ]* )?([oil]*)([0-9](?:[0-9oil ]*[0-9])?)([oil]*)( [oil ]*)?")


def has_letter_digits(stream: bytes, end: int) -> bool:
    """Tell whether a number stands before `end` in which letters look like digits: 138oo138ooo.

    A letter at its edge counts only if no word goes on there: "12345678 of" is none.
    """
    around = stream[max(0, end - REACH_OF_NUMBER) : end]
    other = around.rstrip(LOOKALIKES)
    run = _LOOKALIKE_RUN.fullmatch(around, len(other))
    if run is None:
        return False
    signs = (run[2] + run[3] + run[4]).replace(b" ", b"")
    if len(signs) < LEAST_SIGNS or len(signs.translate(None, b"oil")) < LEAST_DIGITS:
        return False
    first_is_whole = run[1] or not other[-1:].isalpha()
    last_is_whole = run[5] or not stream[end : end + 1].isalpha()
    return bool(
        re.search(rb"[oil]", run[3]) or (run[2] and first_is_whole) or (run[4] and last_is_whole)
    )


def pairs_of_numerals() -> Iterator[str]:
    """Yield the pairs of signs of which at least one is a Chinese numeral, or a stroke first."""
    for first, second in itertools.product(NUMERALS + STROKES + "0123456789", repeat=2):
        if not (first + second).isascii() and second not in STROKES:
            yield first + second


class Number(NamedTuple):
    """A number in digits, and where in a stream what stands for each of them begins and ends."""

    digits: str
    begins: list[int]
    ends: list[int]


def read_numbers(stream: str, *, words: bool) -> Iterator[Number]:
    """Yield each number of eight digits or more in a stream, in digits.

    If 一 occurs in it, also yields the reading in which that is a dash; if letters that look like
    digits do, also that in which they are. Numbers in English words are read only if `words`.
    """
    for number in (NUMBER_IN_WORDS if words else _NUMBER).finditer(stream):
        first, last = max(0, number.start() - _LETTERS), number.end() + _LETTERS
        inside = {token[0] for token in _TOKEN.finditer(number[0])} if words else set(number[0])
        read = _read_words if words else _read_signs
        readings = [
            read(stream, first, last, dash=dash, letters=letters)
            for dash in ((False, True) if "一" in inside else (False,))
            for letters in ((False, True) if inside & _LETTERS_FOR_DIGITS.keys() else (False,))
        ]
        yield from {number.digits: number for number in readings}.values()


class _Signs(dict[int, str]):
    """What each sign is read as, for `str.translate`: a digit, a letter, _PARTS or a space."""

    def __missing__(self, code: int) -> str:
        self[code] = sign = chr(code) if code < 0x80 else " "
        return sign


_PARTS = "\0"


@functools.cache
def _signs(*, dash: bool, letters: bool) -> _Signs:
    signs = _Signs(DIGITS_IN_LETTERS if letters else HAN_DIGITS)
    signs |= dict.fromkeys(map(ord, STROKES + _GAP + ("一" if dash else "")), _PARTS)
    return signs


def _read_signs(stream: str, first: int, last: int, *, dash: bool, letters: bool) -> Number:
    signs = stream[first:last].translate(_signs(dash=dash, letters=letters))
    begins = [place for place, sign in enumerate(signs, first) if sign != _PARTS]
    return Number(signs.replace(_PARTS, ""), begins, [place + 1 for place in begins])


def _read_words(stream: str, first: int, last: int, *, dash: bool, letters: bool) -> Number:
    digits: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for token in _TOKEN.finditer(stream, first, last):
        sign, times, repeated, parting = token.group(0, "times", "repeated", "parting")
        if parting or (dash and sign == "一"):
            continue
        sign = repeated or sign
        value = _DIGITS.get(sign, sign if sign.isascii() else " ")
        if letters:
            value = _LETTERS_FOR_DIGITS.get(value, value)
        if times:
            value *= _TIMES[times]
        digits.append(value)
        begin, end = token.span()
        if sign.isdecimal() and not times:
            begins += range(begin, end)
            ends += range(begin + 1, end + 1)
        else:
            begins += [begin] * len(value)
            ends += [end] * len(value)
    return Number("".join(digits), begins, ends)
