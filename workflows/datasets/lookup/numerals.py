"""Numbers that are not written in digits: with Chinese numerals, or in English words.

People write them so to hide a telephone number from programs. Two signs or words in a row show that
such a number may stand there; then it is read as digits.
"""

import itertools
import re
from collections.abc import Iterator

from workflows.datasets.lookup.folding import BREAK
from workflows.datasets.lookup.stream_bytes import decode

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
_SIGNS = "".join(_NUMERALS)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {
    **{sign: str(value) for value, signs in enumerate(_NUMERALS) for sign in signs},
    **{word: str(value) for value, word in enumerate(_WORDS)},
    "oh": "0",
}
_ENGLISH = "|".join([*_WORDS, "oh"])

# How the letters of a text are read where a number is expected. In numbers of digits people also
# write letters that look like 0 and 1.
HAN_DIGITS = {ord(sign): digit for sign, digit in _DIGITS.items() if len(sign) == 1}
DIGITS_IN_LETTERS = {**HAN_DIGITS, ord("o"): "0", ord("l"): "1", ord("i"): "1"}

_ENGLISH_DIGIT = re.compile(_ENGLISH, re.IGNORECASE)
_ENGLISH_NUMBER = re.compile(rf"(?:(?:{_ENGLISH}|[0-9])[\W_]{{0,4}}){{5,}}", re.IGNORECASE)
# Several words, so that "phone" and "someone" are no sign of a number.
_ENOUGH_WORDS = 3


def digits_in_words(text: str) -> list[tuple[int, int, str]]:
    """Return where digits stand as English words in a text, and which; of numbers only."""
    return [
        (number.start() + word.start(), number.start() + word.end(), _DIGITS[word[0].lower()])
        for number in _ENGLISH_NUMBER.finditer(text)
        if len(words := list(_ENGLISH_DIGIT.finditer(number[0]))) >= _ENOUGH_WORDS
        for word in words
    ]


_TOKEN = re.compile(rf"{_ENGLISH}|.", re.DOTALL)
_DIGIT = f"[0-9ol{_SIGNS}]"
_NUMBER = re.compile(f"{_DIGIT}{{8,}}")
_NUMBER_IN_WORDS = re.compile(rf"(?:(?:{_ENGLISH}|{_DIGIT}){chr(BREAK)}?){{8,}}")


# Letters before and behind the digits which belong to a number: E12345678, 11010519491231002X.
_LETTERS = 3
# Bytes before and behind a numeral which hold enough of a number to recognise it.
_NUMBER_REACH = 24


def may_be_number(stream: bytes, near: int) -> bool:
    """Tell whether a number in numerals, long enough to be looked for, goes over this place."""
    around = decode(stream[max(0, near - _NUMBER_REACH) : near + _NUMBER_REACH])
    return bool(_NUMBER.search(around.decode("utf-8", "ignore")))


def pairs_of_numerals() -> Iterator[str]:
    """Yield the pairs of signs of which at least one is a Chinese numeral."""
    for first, second in itertools.product(_SIGNS + "0123456789", repeat=2):
        if not (first + second).isascii():
            yield first + second


def pairs_of_words() -> Iterator[str]:
    """Yield the pairs of English words for digits, as they stand in a stream."""
    for first, second in itertools.product([*_WORDS, "oh"], repeat=2):
        yield first + second
        yield first + chr(BREAK) + second


def read_numbers(stream: str, *, words: bool) -> Iterator[tuple[str, list[int]]]:
    """Yield each number of eight digits or more in a stream, in digits, and where each one was.

    If 一 occurs in it, also yields the reading in which that is a dash. Numbers in English words
    are read only if `words`.
    """
    for number in (_NUMBER_IN_WORDS if words else _NUMBER).finditer(stream):
        first, last = max(0, number.start() - _LETTERS), number.end() + _LETTERS
        for dashes in ("", "一") if "一" in number[0] else ("",):
            tokens = [
                token
                for token in _TOKEN.finditer(stream, first, last)
                if token[0] not in (dashes, chr(BREAK))
            ]
            yield (
                "".join([_as_digit(token[0]) for token in tokens]),
                [*(token.start() for token in tokens), tokens[-1].end()],
            )


def _as_digit(sign: str) -> str:
    return _DIGITS.get(sign, sign if sign.isascii() else " ")
