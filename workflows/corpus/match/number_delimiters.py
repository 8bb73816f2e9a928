"""Decides whether a number stands by itself, and takes in what is dialled before it.

A number inside a longer number is another number. A country code and a trunk prefix belong to it.
Positions are those of the folded text, `NormalizedText.flat`.
"""

import functools
import re
import unicodedata

import phonenumbers

from workflows.corpus.match.enclosing_marks import unmatched_brackets
from workflows.corpus.match.spellings import Spelling
from workflows.corpus.normalize.numerals import HAN_DIGITS
from workflows.corpus.normalize.text_views import NormalizedText

# How far one must look to either side.
REACH = 32

Bounds = tuple[int, int, bool]

# A word directly before a number, as in "tel13800138000"; other letters make it a code.
LABEL = re.compile(
    r"(?:\\[nrt]|(?:^|[^a-z0-9])(?:tele?(?:phone)?|phone|ph|hp|mob(?:ile)?|cell|call|fax|contact|sms|"
    r"whatsapp|wechat|weixin|[wv]x?|qq|tg|[tmph]|num(?:ber)?|no|to|at|dianhua|shouji|id|idno|sfz|ssn|"
    r"passport|e?mail|by|is|handle|user|(?:id|phone|tel|mobile|contact|card){0,2}(?:card|no|num(?:ber)?)))\Z"
)
# What follows a number without a space: the next label, or the word for what the number is.
_LABEL_BEHIND = re.compile(
    r"(?:wx|vx|qq|tg|wechat|weixin|whatsapp|fax|tel|phone|mob(?:ile)?|cell|call|text|home|work|office|"
    r"e?mail|web(?:site)?|www|https?|add(?:ress)?|now|and|or|id|sfz)(?![a-z])"
)
_PHONE_EXTENSION = re.compile(r"(?:x|ext\.?)\s?\d")
# A label of what begins with a letter is no single one: "ME12345678".
_LABEL_OF_LETTERS = re.compile(rf"(?=.*(?:[a-z]{{2}}|\\.)\Z){LABEL.pattern}", re.DOTALL)
# One point is that of a decimal number; three are those of an IP address, perhaps with a port.
_DECIMAL = re.compile(r"\d{1,2}\.\d+|\d{5,}\.\d{1,2}|\d{2,3}\.\d{5,6}")
# So is one point behind the code of a country, if no + stands before that.
_DECIMAL_WITH_CODE = re.compile(r"[1-9][0-9]{0,2}\.[0-9]+")
_ZERO_POINT = re.compile(r"(?:^|[^0-9])0[.,]\Z")
_IP_ADDRESS = re.compile(r"(?:(?:1?\d?\d|2[0-4]\d|25[0-5])(?:\.(?!$|:)|(?=$|:))){4}(?::[0-9]+)?")
# "+1 380 013 8000" begins with the code of a country, and not with 1380…
_COUNTRY_APART = re.compile(r"([1-9][0-9]{0,2})[ \-.()]{1,3}(?=[0-9])")
# The code of a country, and the trunk prefix which some write behind it.
_FOREIGN = re.compile(
    r"(?:\+\s?|(?<![0-9])00)([1-9][0-9]{0,2})[ \-.()]{0,3}(?:(0)[ \-.()/]{0,3})?\Z"
)
_MONEY = re.compile(r"\s?(?:元|円|[$€£¥%])")
_JOINED_BEFORE = re.compile(r"([0-9]+)([-._])\Z")
_JOINED_AFTER = re.compile(r"([-._])([0-9]+)")
_LIST_MARK = re.compile(r"(?:^|[^0-9.,_-])([1-9][0-9]?)\.\Z")
# A telephone number, or that of an identity card (perhaps without its last sign), of its own.
_ANOTHER = re.compile(
    r"1[3-9][0-9]{9}|0[0-9]{9,11}|[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{5,6}"
)
_GAPS = re.compile(r"[^\W_]+")
_EACH_APART = re.compile(r"[^\W_](?:[\W_]+[^\W_])+")
# The bracket behind "A123456(3" belongs to it.
_OPEN_AT_END = re.compile(r"[(\[【][^()\[\]【】]*\Z")
_LAST_DIGIT = re.compile(r" [0-9](?:\s*\Z|\s*\n|[.,;!?)\]。，；！？）、](?![0-9]))")
_EXTENSION = 5
_CARD_GROUP = 4


def id_number_span(reading: NormalizedText, start: int, end: int) -> Bounds | None:
    """Return the bounds of the number of a document; None if it is in a longer number."""
    if reading.flat[end - 1 : end + 1] == "乘以":  # "times", no X
        return None
    if not _number_stands_alone(reading, start, end) or _in_card_number(reading.flat, start, end):
        return None
    return start, end, True


def phone_span(reading: NormalizedText, spelling: Spelling, start: int, end: int) -> Bounds | None:
    """Return the bounds of a telephone number with its country code or trunk prefix.

    None if it is part of something longer, or another number: a decimal, of another country.
    """
    before = reading.flat[max(0, start - REACH) : start]
    if before.endswith((".", ",")) and _ZERO_POINT.search(before):
        return None
    if not reading.flat[start:end].isascii():
        before = before.translate(HAN_DIGITS)  # 零一零-六二五五一二三四
    prefix = _prefix(spelling.country, spelling.trunk).search(before)
    if prefix is None:
        whole = start - _country_apart(before, reading.flat[start:end], spelling.country)
    else:
        whole = start - (len(before) - prefix.start())
        while reading.flat[whole] in "([" and unmatched_brackets(reading.flat[whole:end]):
            whole += 1
    landline = bool(spelling.trunk)
    if not _number_stands_alone(reading, whole, end, phone=True, landline=landline):
        return None
    certain = spelling.certain or whole < start
    if _is_other_number(reading.flat, spelling, whole, start, end):
        return None
    if not certain and _MONEY.match(reading.flat[end : end + 2]):
        return None
    return whole, end, certain


def _is_foreign(before: str, spelling: Spelling) -> bool:
    """Tell whether the code of another country, which has such numbers, stands before one."""
    foreign = _FOREIGN.search(before)
    if foreign is None or foreign[1] == spelling.country:
        return False
    digits = spelling.parts[0]
    numbers = {digits, f"{foreign[2] or ''}{digits}"}  # in Italy, the 0 belongs to the number
    return any(_is_possible(foreign[1], number) for number in numbers)


def _is_other_number(flat: str, spelling: Spelling, whole: int, start: int, end: int) -> bool:
    """Tell whether digits are a decimal or a number of another country.

    Without a prefix, also whether they are a card number or an address.
    """
    before, after = flat[max(0, start - REACH) : start], flat[end : end + REACH]
    if _is_foreign(before, spelling):
        return True
    if whole < start:
        decimal = _DECIMAL_WITH_CODE.fullmatch(flat, whole, end)
        return decimal is not None and not _in_list(before, after)
    written = flat[start:end]
    if "." in written and (_DECIMAL.fullmatch(written) or _IP_ADDRESS.fullmatch(written)):
        return True
    apart = _COUNTRY_APART.match(written) if flat[start - 1 : start] == "+" else None
    if apart is not None and _is_possible(apart[1], spelling.parts[0][len(apart[1]) :]):
        return True
    return _in_card_number(flat, start, end)


def _is_possible(country: str, digits: str) -> bool:
    """Tell whether numbers of that country are so long: "+1" before others agrees with a post."""
    try:
        number = phonenumbers.parse(f"+{country}{digits}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number) and (
        phonenumbers.national_significant_number(number) == digits
    )


@functools.lru_cache(maxsize=512)
def _prefix(country: str, trunk: str) -> re.Pattern[str]:
    """Return what may precede a national number: +86, 0086, (86), +44 (0), or the trunk prefix."""
    zero = "(?:0|(?<![a-z0-9])o)"
    gap = r"[\s\-.·/()\[\]_]{0,4}"
    choices = []
    if country:
        # A mark may stand behind what is surely a country code: "+86：138…", but "86, 138…".
        marks = r"[\s\-.·/()\[\]_:,*~|]{0,4}"
        choices += [
            rf"(?:[(\[]\s?)?{sure}(?:[(\[]\s?)?{code}\s?[)\]]?{between}(?:[(\[]?{zero}[)\]]?{gap})?"
            for sure, code, between in (
                (r"(?:\+\s?|00\s?-?|011\s?-?)", r"[\s\-.]?".join(country), marks),
                ("", country, gap),
            )
        ]
    if trunk:
        choices.append(rf"[(\[]?{zero if trunk == '0' else trunk}[)\]]?{gap}")
    # With neither, nothing can precede: a pattern that never matches.
    return re.compile(rf"(?<![0-9])(?:{'|'.join(choices)})\Z" if choices else r"(?!)")


def _country_apart(before: str, number: str, country: str) -> int:
    """Return how long a country code is whose digits are apart like those of the number behind it.

    With what is dialled before it: + 8 6 1 3 8 0 0 1 3 8 0 0 0.
    """
    gaps = set(_GAPS.split(number)[1:-1])
    if not country or len(gaps) != 1 or not _EACH_APART.fullmatch(number):
        return 0
    gap = gaps.pop()
    code = gap.join((*country, ""))
    dialled = (f"+{gap}", "+", f"0{gap}0{gap}", "")
    return next((len(d + code) for d in dialled if before.endswith(d + code)), 0)


def _number_stands_alone(
    reading: NormalizedText, start: int, end: int, *, phone: bool = False, landline: bool = False
) -> bool:
    flat = reading.flat
    if flat.startswith((")", "]", "】"), end) and _OPEN_AT_END.search(flat, start, end):
        end += 1
    before, after = flat[max(0, start - REACH) : start], flat[end : end + REACH]
    if before and _continues(reading, start - 1, start, end):
        return False
    if after and _continues(reading, end, start, end):
        return False
    if _goes_on_apart(before, flat[start:end], after):
        return False
    label = _LABEL_OF_LETTERS if _is_latin(flat[start]) else LABEL
    if _is_latin(before[-1:]) and not label.search(before) and not reading.is_parted(start):
        return False
    if (
        _is_latin(after[:1])
        and not reading.is_parted(end)
        and not (_LABEL_BEHIND.match(after) or (phone and _PHONE_EXTENSION.match(after)))
    ):
        return False
    return not _is_joined(before, after, landline=landline)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_joined(before: str, after: str, *, landline: bool) -> bool:
    """Tell whether - . or _ joins a number to another: 978-13800138000, 3.13800138000."""
    left = _JOINED_BEFORE.search(before) if before.endswith(("-", ".", "_")) else None
    if left and not _in_list(before, after) and not _ANOTHER.fullmatch(left[1]):
        return True
    right = _JOINED_AFTER.match(after)
    if right is None or _ANOTHER.fullmatch(right[2]):
        return False
    return not (landline and right[1] == "-" and len(right[2]) <= _EXTENSION)


def _goes_on_apart(before: str, number: str, after: str) -> bool:
    """Tell whether a further digit is set apart like those of the number: 138 0013 8000 9.

    Where each digit is apart, any further one belongs to them. Where groups are, only a single one
    at the end of what is said: "138 0013 8000 7 days a week".
    """
    if number.isalnum():
        return False
    gaps = set(_GAPS.split(number)[1:-1])
    if len(gaps) != 1 or not (gap := gaps.pop()):
        return False
    if _EACH_APART.fullmatch(number):
        return bool(
            (after.startswith(gap) and after[len(gap) : len(gap) + 1].isdecimal())
            or (before.endswith(gap) and before[: -len(gap)][-1:].isdecimal())
        )
    return gap == " " and _LAST_DIGIT.match(after) is not None


def _in_list(before: str, after: str) -> bool:
    """Tell whether a number and a point before a number count it: at the first, or beside others.

    Alone, they are those of a decimal: "3.13800138000".
    """
    mark = _LIST_MARK.search(before)
    if mark is None:
        return False
    number, earlier = int(mark[1]), before[: mark.start(1)]
    return (
        (number == 1 and bool(re.search(r"(?:^|\n)\s*\Z", earlier)))
        or bool(re.search(rf"(?<![0-9.]){number - 1}\.", earlier))
        or bool(re.search(rf"(?<![0-9.]){number + 1}\.(?!\Z)", after))
    )


def _continues(reading: NormalizedText, neighbour: int, start: int, end: int) -> bool:
    """Tell whether the character at `neighbour` is a further digit of the number.

    A footnote sign or a Chinese numeral next to a number in plain digits is not.
    """
    character = reading.flat[neighbour]
    if not character.isnumeric():
        return False
    if character.isascii() and reading.source[reading.starts[neighbour]].isascii():
        return any(c.isascii() and c.isdigit() for c in reading.flat[start:end])
    category = unicodedata.category(reading.source[reading.starts[neighbour]])
    return any(
        unicodedata.category(reading.source[reading.starts[index]]) == category
        for index in range(start, end)
    )


def _in_card_number(flat: str, start: int, end: int) -> bool:
    """Tell whether a number is the middle of one written in groups of four, as on a bank card."""
    number = flat[start:end]
    groups = [] if number.isdecimal() else re.findall(r"[0-9]+", number)
    if len(groups) < 2 or len(groups[0]) != _CARD_GROUP:
        return False
    if re.search(r"(?<![0-9])[0-9]{4}\s\Z", flat[max(0, start - REACH) : start]):
        return True
    following = re.match(r"\s[0-9]{4}(?![0-9])", flat[end : end + REACH])
    return following is not None and {len(group) for group in groups} == {_CARD_GROUP}
