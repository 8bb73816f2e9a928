"""Folds characters that people write for one another: width, case, accents, fancy digits, dashes.

The fold is defined once, by `fold_character`, and used twice: as a table over bytes (`stream`) and
on text (`match.confirmation`). Both stages therefore agree on what is content, what separates, and
what is invisible. Sources: Unicode NFKC/NFKD and general categories (Unicode Standard, annexes 15
and 44).
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from opencc import OpenCC

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]
CodePoints = npt.NDArray[np.uint32]

# Values of the table beside code points. A break separates words; an invisible character does not.
TEXT_BREAK = ord(" ")
INVISIBLE = 1
# A character that folds to two ASCII letters is stored as PAIR + 256 * first + second.
PAIR = 0x110000

OTHER = 0xFF

# Code points that fold to something else lie in these ranges; all others stand for themselves.
# Han and Hangul are left out on purpose: nine tenths of a Chinese text need no look into the table.
FOLDED_RANGES = (
    (0x00, 0x3400),
    (0xF900, 0xFB50),
    (0xFE00, 0x10000),
    (0x1D400, 0x1D800),
    (0x1F000, 0x1FB00),
    (0x2F800, 0x2FA20),
    (0xE0000, 0xE01F0),
)

_INVISIBLE_CATEGORIES = frozenset({"Mn", "Mc", "Me", "Cf"})
# Letters without shape, by which accounts hide a name: Hangul fillers.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_SPECIAL = {
    **dict.fromkeys("\n\v\f\x85\u2028\u2029", "\n"),
    **dict.fromkeys("•‧∙⋅・･●᛫▪◦", "·"),
    **dict.fromkeys("−ー─━", "-"),
    **dict.fromkeys("’‘‛ʼ´`′", "'"),
    # Accents that text out of PDF files has beside their letters: "M¨uller". Not the acute one,
    # which people write for an apostrophe: "Smith´s".
    **dict.fromkeys("¨¸˜ˆˇ˘˙˚˛˝", ""),
    "\u2800": " ",  # the empty pattern of Braille looks like a space
    "\ufffc": "",  # where a picture was
    "\u0640": "",  # stretches an Arabic word
    # A circle is how people type the Chinese zero when they cannot find 〇.
    **dict.fromkeys("〇○◯", "零"),
    **dict.fromkeys("×✕✖✗✘╳", "x"),
    **dict.fromkeys("øØ", "o"),
    **dict.fromkeys("łŁ", "l"),
    **dict.fromkeys("đĐðÐ", "d"),
    **dict.fromkeys("ħĦ", "h"),
    "ı": "i",
    # Cyrillic and Greek letters that nobody can tell from Latin ones (Unicode confusables.txt):
    # those of which the small letter looks the same, so that capitals still fold like small ones.
    **dict(zip("аеорсухіѕјАЕОРСУХІЅЈοΟχΧ", "aeopcyxisjaeopcyxisjooxx", strict=True)),
    **dict(zip("һԁԛԝɑɡ", "hdqwag", strict=True)),
    # Letters of Persian keyboards for those of Arabic ones.
    **dict(zip("کیىۀە", "كييهه", strict=True)),
    "™": " ",
    **dict.fromkeys("æÆ", "ae"),
    **dict.fromkeys("œŒ", "oe"),
    **dict.fromkeys("þÞ", "th"),
    # Radicals in place of characters, as text out of PDF files has them; Unicode decomposes the
    # older Kangxi block but not these (EquivalentUnifiedIdeograph.txt).
    **dict(
        zip(
            "⺟⺠⺩⺫⺮⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
            "母民王目竹虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
            strict=True,
        )
    ),
}


def fold_character(character: str) -> str:
    """Return what `character` is compared as: content of one or two characters, a mark, or nothing.

    Content satisfies `str.isalnum`; a mark (space, newline, dash, other punctuation or symbol)
    does not; the empty string means that a reader does not see the character at all.
    """
    if character in _SPECIAL:
        return _SPECIAL[character]
    if not any(first <= ord(character) < last for first, last in FOLDED_RANGES):
        return character
    category = unicodedata.category(character)
    if category in _INVISIBLE_CATEGORIES or character in _FILLERS:
        return ""
    return _fold_content(character) if category[0] in "LN" else _fold_mark(character, category)


def _fold_mark(character: str, category: str) -> str:
    if category == "Pd":
        return "-"
    if category[0] in "ZC":
        return " "
    plain = unicodedata.normalize("NFKC", character)
    if plain.isalnum():  # a circled letter, a Kangxi radical
        return _fold_content(character)
    return _SPECIAL.get(plain, plain) if len(plain) == 1 else character


def _fold_content(character: str) -> str:
    digit = unicodedata.digit(character, None)  # of any script, in a circle, raised or lowered
    if digit is not None:
        return str(digit)
    decomposed = unicodedata.normalize("NFKD", character)
    if "\u2044" in decomposed:  # ½ is not the digits 1 and 2
        return " "
    letters = "".join(c for c in decomposed.casefold() if c.isalnum())
    # A letter may be special in its turn: ŉ is an apostrophe, which is no content, and an n.
    folded = "".join(filter(str.isalnum, "".join(_SPECIAL.get(c, c) for c in letters)))
    if len(folded.encode()) > len(character.encode()):  # bytes are folded in place
        return character
    if len(folded) == 1 or (len(folded) == 2 and folded.isascii()):
        return folded
    return " "


class _Fold(dict[int, str]):
    """`fold_character` for `str.translate`, with a memory: a text uses few distinct characters."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_character(chr(code))
        return folded


_FOLD = _Fold()


def fold(text: str) -> str:
    """Return `text` folded character by character."""
    return text.translate(_FOLD)


class _Table:
    """A number for each character, put in when it is first asked for: a text uses few of them.

    `known` holds UNKNOWN until then.
    """

    UNKNOWN = 0xFFFFFFFF

    def __init__(self, value: Callable[[str], int]) -> None:
        self.known = np.full(0x110000, self.UNKNOWN, np.uint32)
        self._value = value

    def values(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """Return the numbers for these code points."""
        values = self.known[codes]
        unknown = values == self.UNKNOWN
        if unknown.any():
            learned = np.unique(codes[unknown])
            self.known[learned] = [self._value(chr(code)) for code in learned.tolist()]
            values = self.known[codes]
        return values


def _table_value(character: str) -> int:
    folded = fold_character(character)
    if not folded:
        return INVISIBLE
    if not folded.isalnum():
        return TEXT_BREAK
    if len(folded) == 1:
        return ord(folded)
    return PAIR + 256 * ord(folded[0]) + ord(folded[1])


@dataclass(frozen=True, slots=True)
class FoldTable:
    """The fold of every code point: BREAK, INVISIBLE, a code point, or a PAIR of letters.

    `short` is that of the basic plane where it is one byte, else OTHER.
    """

    folds: CodePoints
    short: Bytes


@functools.cache
def fold_table() -> FoldTable:
    """Return the one table of this process.

    It is made whole, in less than a tenth of a second: to fold a block again for each character
    that it is the first to hold took longer.
    """
    folds = np.arange(0x110000, dtype=np.uint32)
    for codes in starmap(range, FOLDED_RANGES):
        folds[codes.start : codes.stop] = [_table_value(chr(code)) for code in codes]
    # Halves of pairs, of which JSON may hold one alone, stand for no character.
    folds[0xD800:0xE000] = TEXT_BREAK
    short = np.where(folds[:0x10000] < 0x80, folds[:0x10000], OTHER).astype(np.uint8)
    return FoldTable(folds, short)


# What stands in `fold_evenly` for a character that folds to none or to several. A NUL of the text
# itself folds to a space.
UNEVEN = 0
# Added to the code point of content, letters and digits.
CONTENT = 1 << 21


def marked(character: str) -> int:
    """Return the code point of a folded character, with CONTENT if it is that."""
    return ord(character) | (CONTENT if character.isalnum() else 0)


@functools.cache
def _even_folds() -> _Table:
    def even(character: str) -> int:
        folded = fold(character)
        return marked(folded) if len(folded) == 1 else UNEVEN

    return _Table(even)


def fold_evenly(text: str) -> npt.NDArray[np.uint32]:
    """Return `text` folded to as many code points, marked; UNEVEN where that is not all."""
    return _even_folds().values(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4"))


def as_text(marked_codes: npt.NDArray[np.uint32]) -> str:
    """Return the text of code points, marked or not."""
    return (marked_codes & (CONTENT - 1)).tobytes().decode("utf-32-le", "surrogatepass")


# --- Chinese ------------------------------------------------------------------------------------

_HAN = range(0x3400, 0xA000)


@functools.cache
def simplified_characters() -> dict[int, str]:
    """Return the simplified form of each traditional character, as a table for `str.translate`."""
    # One character a line, so that no phrase of the dictionary can apply.
    converted = OpenCC("t2s").convert("\n".join(map(chr, _HAN))).split("\n")
    return {
        code: simple for code, simple in zip(_HAN, converted, strict=True) if chr(code) != simple
    }


@functools.cache
def _traditional_characters() -> dict[str, str]:
    forms: dict[str, str] = {}
    for code, simple in simplified_characters().items():
        forms[simple] = forms.get(simple, "") + chr(code)
    return forms


@functools.cache
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(chr, simplified_characters()))}]")


def simplify(text: str) -> str:
    """Return `text` with each traditional character replaced by its simplified form."""
    # To look whether there is one takes a tenth of the time.
    return text.translate(simplified_characters()) if _traditional().search(text) else text


def written_forms(character: str) -> Iterable[str]:
    """Return the simplified form of a character and every traditional form of it."""
    simple = simplify(character)
    return (simple, *_traditional_characters().get(simple, ""))


def is_han(character: str) -> bool:
    """Tell whether `character` is a Chinese character."""
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U000323af"


# What may stand in a number that is partly written with letters which look like 0 and 1.
LOOKALIKES = b"0123456789oil "
# How many digits such a number has, how many digits and letters, and within how many bytes.
LEAST_DIGITS = 4
LEAST_SIGNS = 8
REACH_OF_NUMBER = 24

# Bytes of a source of which it is known how many bytes of the stream lie before them.
STRIDE = 32

# E4 to EE begin Han and Hangul, which do not fold: most of a Chinese text is passed over.
_HAN_LEADS = range(0xE4, 0xEF)
_FOLDING_LEADS = (*range(0xC2, 0xE4), *range(0xEF, 0xF5))
FIRST_SPECIAL = 0xC0 + len(_HAN_LEADS)
LEADS = bytes([*_HAN_LEADS, *_FOLDING_LEADS])
_CODES = bytes(range(0xC0, 0xC0 + len(LEADS)))
# What each byte of UTF-8 is in a stream.
ENCODED = bytes.maketrans(LEADS, _CODES)
_DECODE = bytes.maketrans(_CODES, LEADS)
# The first bits of a byte: those of one that begins a character, and of one that goes on with it.
_FIRST_BITS, _BEGINS, _GOES_ON = 0xC0, 0xC0, 0x80
# So many bytes may go on with a character.
MOST_GOING_ON = 3


def goes_on(byte: int) -> bool:
    """Tell whether a byte of UTF-8 can only go on with a character."""
    return byte & _FIRST_BITS == _GOES_ON


def boundary(text: bytes | memoryview, position: int) -> int:
    """Return a position at which text can be cut without cutting a character: this or one before.

    Either part is decoded as in the whole, broken text too.
    """
    if position < len(text):
        for begin in range(position, max(-1, position - MOST_GOING_ON - 1), -1):
            if not goes_on(text[begin]):
                return begin if text[begin] & _FIRST_BITS == _BEGINS else position
    return position


def encode(utf8: bytes) -> bytes:
    """Return UTF-8 as it stands in a stream."""
    return utf8.translate(ENCODED)


def decode(stream: bytes) -> bytes:
    """Return the UTF-8 of bytes of a stream."""
    return stream.translate(_DECODE)


class Stream(NamedTuple):
    """The bytes of a stream. `kept` has a bit for each byte of its source, filled up to a stride.

    `before` says for each stride of the source how many bytes of the stream come before it.
    """

    content: bytes
    kept: Bytes
    before: Positions
