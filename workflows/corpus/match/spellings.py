"""The ways in which an identifier may be written, as data: generated, not guessed.

A `Spelling` says in which order which pieces of letters and digits come and what may stand between
them. How a mark may be disguised ("at" for @) stands in WORDS; grouping, width, case, accents and
invisible characters need no spelling of their own, because `characters` removes the difference.
"""

import enum
import itertools
import math
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import phonenumbers

from workflows.corpus.normalize.characters import fold, is_han, simplify
from workflows.corpus.normalize.transliteration import pinyin_readings, wade_giles, with_tone
from workflows.corpus.values import Identifier, Kind

# The gap between the words of a name.
NAME = ""

# Words that people write for a mark.
WORDS = {
    "@": (
        *("at", "a", "arroba", "arobase", "klammeraffe", "chiocciola"),
        *("艾特", "爱特", "圈a", "小老鼠", "老鼠", "アットマク", "アット", "골뱅이"),
        *("在", "at的", fold("собака"), "u0040"),
    ),
    ".": (
        *("dot", "d", "period", "point", "punkt", "punto", "ponto", "点", "點", "ドット", "점"),
        fold("точка"),
    ),
    "_": ("underscore", "下划线", "下劃線"),
    "-": ("dash", "hyphen", "minus", "减号", "減號", "横杠", "橫槓"),
    "+": ("plus", "加号", "加號"),
    "/": ("slash", "斜杠", "斜槓"),
}

# Names of computers which show the same pages: to other devices; at some sites, in other languages.
SAME_SITE = "www|m|mobile|wap"
LANGUAGE = "[a-z]{2}(?:-[a-z]{2,4})?"
IN_MANY_LANGUAGES = frozenset({("linkedin", "com"), ("facebook", "com")})

# Of these, what programs leave of an escaped @.
ESCAPES = frozenset({"u0040"})

_COMPOUND_SURNAMES = frozenset(
    "欧阳 司马 上官 诸葛 司徒 司空 夏侯 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 "  # noqa: SIM905
    "轩辕 端木 百里 南宫 独孤 公冶 太史 申屠 濮阳 钟离 西门 东郭 呼延 闻人 澹台 "
    "赫连".split()
)
_MAX_READINGS = 12
# Shorter numbers without their country or area code belong to several people.
_CERTAIN_DIGITS = 9
_MIN_PHONE_DIGITS = 6
_MIN_ID_LENGTH = 5
_MIN_NAME_LENGTH = 4
_MIN_HANDLE_LENGTH = 2
_MIN_APART = 6
_WITH_TWO_SURNAMES = 4


class SpellingForm(enum.Enum):
    """How the folded text is read before a spelling is compared with it."""

    TEXT = enum.auto()
    SIMPLIFIED = enum.auto()
    ID = enum.auto()
    PHONE = enum.auto()
    # Letters one by one: "W a n g  X i a o m i n g".
    APART = enum.auto()


@dataclass(frozen=True, slots=True)
class Spelling:
    """Pieces of folded letters and digits, and what joins them: a mark, or NAME."""

    parts: tuple[str, ...]
    joins: tuple[str, ...] = ()
    view: SpellingForm = SpellingForm.TEXT
    # Of a telephone number: the country code, what replaces it inside the country, and whether the
    # number is certain without either.
    country: str = ""
    trunk: str = ""
    certain: bool = True
    # Of a name in Chinese characters: these as they were given.
    given: str = ""

    @property
    def in_digits(self) -> bool:
        """Tell whether a letter in it stands for a digit, but for an X at its end."""
        return self.view is SpellingForm.PHONE or (
            self.view is SpellingForm.ID and self.parts[0].removesuffix("x").isdecimal()
        )

    @property
    def searched_in_part(self) -> bool:
        """Tell whether marks may stand in it, so that only some of its pieces are searched for."""
        return any(join != NAME for join in self.joins)


def spellings(identifier: Identifier) -> tuple[Spelling, ...]:
    """Return the spellings of an identifier; none if it is too short or too broken to look for."""
    make = {
        Kind.NAME: _names,
        Kind.EMAIL: _emails,
        Kind.PHONE: _phones,
        Kind.ID: _ids,
        Kind.HANDLE: _handles,
        Kind.URL: _urls,
    }[identifier.kind]
    return tuple(dict.fromkeys(make(identifier.value)))


# --- Names ----------------------------------------------------------------------------------------


def _names(value: str) -> Iterator[Spelling]:
    words = re.findall(r"[^\W_]+", fold(value))
    letters = "".join(words)
    if len(words) == 1 and re.search(r"[ぁ-ヿ가-힣]", letters):
        words = list(letters)  # Japanese and Korean names, too, are written with spaces or without
    if any(is_han(c) for c in letters):
        if len(letters) > 1:
            given, letters = letters, simplify(letters)
            joins = (NAME,) * (len(letters) - 1)
            yield Spelling(tuple(letters), joins, SpellingForm.SIMPLIFIED, given=given)
            yield from _pinyin(letters)
    elif not letters.isascii():
        if len(letters) > 1:
            yield from _word_orders(words)
    elif len(letters) >= _MIN_NAME_LENGTH:
        german = re.findall(r"[^\W_]+", fold(value.translate(_UMLAUTS)))
        yield from _apart(words)
        for mixed in _mixtures(words, german):
            yield from _word_orders(mixed)
            if len(mixed) > 2:
                initials = [word[0] for word in mixed[1:-1]]
                yield from _word_orders([mixed[0], *initials, mixed[-1]])


_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "ø": "oe"}
)


def _mixtures(words: list[str], german: list[str]) -> list[list[str]]:
    """Return the words of a name with ä as a or as ae, in each word by itself if they are few."""
    if len(words) != len(german):
        return [words, german]
    choices = [dict.fromkeys(pair) for pair in zip(words, german, strict=True)]
    if math.prod(map(len, choices)) > _MAX_READINGS:
        return [words, german]
    return [list(mixture) for mixture in itertools.product(*choices)]


def _word_orders(words: list[str]) -> Iterator[Spelling]:
    """Yield a name as given, with the last word first ("Smith, John"), with the first word last.

    Of four words, the last two may be surnames: "García López, María José".
    """
    joins = (NAME,) * (len(words) - 1)
    yield Spelling(tuple(words), joins)
    yield Spelling((words[-1], *words[:-1]), joins)
    yield Spelling((*words[1:], words[0]), joins)
    if len(words) == _WITH_TWO_SURNAMES:
        yield Spelling((*words[2:], *words[:2]), joins)


def _apart(words: Sequence[str]) -> Iterator[Spelling]:
    """Yield words with their letters set apart."""
    if sum(map(len, words)) >= _MIN_APART:
        yield Spelling(tuple(words), (NAME,) * (len(words) - 1), SpellingForm.APART)


def _pinyin(name: str) -> Iterator[Spelling]:
    """Yield a Chinese name in Latin letters, surname first and last, for each usual reading.

    For the first reading, also with numbers for its tones, and as it is written in Taiwan.
    """
    if not all(is_han(c) for c in name):
        return
    surname = 2 if name[:2] in _COMPOUND_SURNAMES and len(name) > 2 else 1

    def orders(syllables: Sequence[tuple[str, ...]]) -> Iterator[Spelling]:
        for order in ((*syllables,), (*syllables[surname:], *syllables[:surname])):
            parts = tuple(itertools.chain(*order))
            yield Spelling(parts, (NAME,) * (len(parts) - 1))

    known = [pinyin_readings(character) for character in name]
    for syllables in itertools.islice(itertools.product(*known), _MAX_READINGS):
        yield from orders([(syllable,) for syllable in syllables])
    first = [syllables[0] for syllables in known]
    yield from _apart(first)
    yield from orders([(with_tone(character),) for character in name])
    written = [wade_giles(syllable) for syllable in first]
    yield from orders(written)
    today = [wade_giles(syllable, in_taiwan=True) for syllable in first]
    if today != written:
        yield from orders(today)


# --- Numbers --------------------------------------------------------------------------------------


def _phones(value: str) -> Iterator[Spelling]:
    number = _parse_phone(value)
    if number is None:
        digits = "".join(c for c in fold(value) if c.isdigit())
        country, trunk = "", ""
    else:
        digits = phonenumbers.national_significant_number(number)
        country = str(number.country_code)
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        written = "".join(c for c in national if c.isdigit())
        trunk = written.removesuffix(digits) if written.endswith(digits) else ""
    if len(digits) < _MIN_PHONE_DIGITS:
        return
    # Without the 0 before it, the number of an area is one of another country, too.
    certain = len(digits) >= _CERTAIN_DIGITS and not trunk
    yield Spelling((digits,), (), SpellingForm.PHONE, country, trunk, certain)


def _parse_phone(value: str) -> phonenumbers.PhoneNumber | None:
    """Read a number; one without a country code is taken as Chinese."""
    try:
        return phonenumbers.parse(value, "CN")
    except phonenumbers.NumberParseException:
        return None


def _ids(value: str) -> Iterator[Spelling]:
    characters = "".join(filter(str.isalnum, fold(value)))
    if len(characters) < _MIN_ID_LENGTH:
        return
    yield Spelling((characters,), (), SpellingForm.ID)
    # Identity cards issued before 1999 (GB 11643-1989) had neither the century nor the check digit.
    if re.fullmatch(r"\d{6}19\d{9}[\dx]", characters):
        yield Spelling((characters[:6] + characters[8:17],), (), SpellingForm.ID)


# --- Addresses ------------------------------------------------------------------------------------


def _marked(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split folded text into pieces and the marks between them; marks at the ends are dropped."""
    pieces = re.split(r"([\W_]+)", re.sub(r"\s", "", text).strip("/#?&"))
    if not pieces[0] or not pieces[-1]:
        inner = re.sub(r"^[\W_]+|[\W_]+$", "", "".join(pieces))
        pieces = re.split(r"([\W_]+)", inner)
    return tuple(pieces[::2]), tuple(pieces[1::2])


def _emails(value: str) -> Iterator[Spelling]:
    parts, joins = _marked(fold(value))
    if joins.count("@") == 1 and all(parts):
        yield Spelling(parts, joins)
        at = joins.index("@")
        if "+" in joins[:at]:  # jane.d+lists@example.com is an address of jane.d@example.com
            plus = joins.index("+")
            yield Spelling((*parts[: plus + 1], *parts[at + 1 :]), (*joins[:plus], *joins[at:]))


def _handles(value: str) -> Iterator[Spelling]:
    name = re.sub(r"^(?:@|/?u/|/?user/)", "", fold(value).strip())
    parts, joins = _marked(name)
    if len("".join(parts)) >= _MIN_HANDLE_LENGTH:
        yield Spelling(parts, joins)


def _urls(value: str) -> Iterator[Spelling]:
    address = fold(urllib.parse.unquote(value)).strip()
    address = re.sub(r"^(?:[a-z][a-z0-9+.-]*:)?//", "", address)
    address = re.sub(rf"^(?:{SAME_SITE})\.", "", address)
    sites = "|".join(rf"{name}\.{ending}/" for name, ending in IN_MANY_LANGUAGES)
    address = re.sub(rf"^{LANGUAGE}\.(?={sites})", "", address)
    parts, joins = _marked(address)
    if "." in joins and all(parts):
        yield Spelling(parts, joins)
