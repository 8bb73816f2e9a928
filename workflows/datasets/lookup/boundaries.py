"""Decides whether an identifier stands by itself, and where its spelling begins and ends.

A number inside a longer number is another number, an address inside a longer address another
address. What belongs to the spelling is taken in: a country code, the @ of a handle, a scheme.
Positions are those of the folded text, `Reading.flat`.
"""

import functools
import re
import unicodedata

from workflows.datasets.lookup.persons import Kind
from workflows.datasets.lookup.reading import Reading
from workflows.datasets.lookup.variants import Spelling, View

# How far one must look to either side.
_REACH = 32

Bounds = tuple[int, int, bool]

# A word directly before a number, as in "tel13800138000"; other letters make it a code.
_LABEL = re.compile(
    r"(?:^|[^a-z0-9])(?:\\[nrt]|tele?(?:phone)?|phone|ph|hp|mob(?:ile)?|cell|call|fax|contact|sms|"
    r"whatsapp|wechat|weixin|[wv]x?|qq|tg|[tmph]|num(?:ber)?|no|to|at|dianhua|shouji|id|idno|sfz|ssn|"
    r"passport|e?mail|by|is|handle|user)$"
)
_LINE_ESCAPE = re.compile(r"\\[nrt]$")
_JOINED_BEFORE = re.compile(r"([0-9]+)([-._])$")
_JOINED_AFTER = re.compile(r"([-._])([0-9]+)")
_LIST_MARK = re.compile(r"(?:^|[^0-9.,_-])[1-9][0-9]?\.$")
_WHOLE_PHONE = re.compile(r"1[3-9][0-9]{9}|0[0-9]{9,11}")
_EXTENSION = 5
_CARD_GROUP = 4

_SHORT_NAME = 6
# English words which are also syllables of names: "he ran" is not 何然.
_ENGLISH_SYLLABLES = frozenset(
    "a an ban bang bin can dang den die ding do dong fan fang fen gang go gong guy hai han "  # noqa: SIM905
    "hang he hen hang i king lang lie long lung mai man me men pan pang pen pie pin ping "
    "ran rang sang she song sun tan tang ten to wan wing ye yin you".split()
)


def bounded(
    reading: Reading, kind: Kind, spelling: Spelling, first: int, last: int
) -> Bounds | None:
    """Return start and end of the whole spelling and whether it is certain; None if it is a part.

    `first` is the index of its first letter in the reading, `last` that after its last letter.
    """
    start, end = reading.at[first], reading.at[last - 1] + 1
    if spelling.view is View.PHONE:
        return _phone(reading, spelling, start, end)
    if spelling.view is View.ID:
        alone = _number_stands_alone(reading, start, end) and not _in_card_number(
            reading.flat, start, end
        )
        return (start, end, True) if alone else None
    if kind is Kind.NAME:
        return _name(reading, spelling, first, last)
    if kind is Kind.EMAIL:
        return _email(reading, start, end)
    return (
        _handle(reading.flat, start, end)
        if kind is Kind.HANDLE
        else _url(reading, spelling, start, end)
    )


_BRACKETS = {")": "(", "]": "[", "}": "{", "】": "【", "）": "（", "］": "［"}


def whole(source: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of a source with what visibly belongs to it at its ends.

    That is the bracket or tag before it which is closed inside, and marks that sit on its last
    character. A span that began in the middle of a pair would leave the other half behind.
    """
    while end < len(source) and unicodedata.category(source[end])[0] == "M":
        end += 1
    text = source[start:end]
    if start and any(source[start - 1] == _BRACKETS[c] for c in text if c in _BRACKETS):
        if _unclosed(source[start - 1 : end]) == 0:
            start -= 1
    elif closed := re.search(r"</([a-zA-Z][a-zA-Z0-9]*)>", text):
        opened = re.search(rf"<{closed[1]}\b[^<>]*>$", source[:start])
        if opened and not re.search(rf"<{closed[1]}\b", text[: closed.start()]):
            start = opened.start()
    return start, end


def _unclosed(text: str) -> int:
    """Return how many brackets are opened and not closed in a text."""
    return sum(map(text.count, _BRACKETS.values())) - sum(map(text.count, _BRACKETS))


# --- Numbers --------------------------------------------------------------------------------------


def _phone(reading: Reading, spelling: Spelling, start: int, end: int) -> Bounds | None:
    before = reading.flat[max(0, start - _REACH) : start]
    prefix = _prefix(spelling.country, spelling.trunk).search(before)
    whole = start
    if prefix is not None:
        whole = start - (len(before) - prefix.start())
        while reading.flat[whole] in "([" and _unclosed(reading.flat[whole:end]):
            whole += 1
    landline = bool(spelling.trunk)
    if not _number_stands_alone(reading, whole, end, phone=True, landline=landline):
        return None
    if whole == start and _in_card_number(reading.flat, start, end):
        return None
    return whole, end, spelling.certain or whole < start


@functools.lru_cache(maxsize=512)
def _prefix(country: str, trunk: str) -> re.Pattern[str]:
    """Return what may precede a national number: +86, 0086, (86), +44 (0), or the trunk prefix."""
    gap = r"[\s\-.·/()\[\]_]{0,4}"
    choices = []
    if country:
        choices.append(
            rf"(?:[(\[]\s?)?(?:\+\s?|00\s?-?|011\s?-?)?(?:[(\[]\s?)?{country}\s?[)\]]?{gap}(?:[(\[]?0[)\]]?{gap})?"
        )
    if trunk:
        choices.append(rf"[(\[]?{trunk}[)\]]?{gap}")
    # With neither, nothing can precede: a pattern that never matches.
    return re.compile(rf"(?<![0-9])(?:{'|'.join(choices)})$" if choices else r"(?!)")


def _number_stands_alone(
    reading: Reading, start: int, end: int, *, phone: bool = False, landline: bool = False
) -> bool:
    flat = reading.flat
    before, after = flat[max(0, start - _REACH) : start], flat[end : end + _REACH]
    if before and _continues(reading, start - 1, start, end):
        return False
    if after and _continues(reading, end, start, end):
        return False
    if _is_latin(before[-1:]) and not _LABEL.search(before):
        return False
    if _is_latin(after[:1]) and not re.match(r"(?:x|ext\.?)\s?\d", after):
        return False
    return not _is_joined(before, after, phone=phone, landline=landline)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_joined(before: str, after: str, *, phone: bool, landline: bool) -> bool:
    """Tell whether - . or _ joins a number to another: 978-13800138000, 3.13800138000."""
    left = _JOINED_BEFORE.search(before)
    if left and not _LIST_MARK.search(before) and not (phone and _WHOLE_PHONE.fullmatch(left[1])):
        return True
    right = _JOINED_AFTER.match(after)
    if right is None or (phone and _WHOLE_PHONE.fullmatch(right[2])):
        return False
    return not (landline and right[1] == "-" and len(right[2]) <= _EXTENSION)


def _continues(reading: Reading, neighbour: int, start: int, end: int) -> bool:
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
    groups = re.findall(r"[0-9]+", flat[start:end])
    if len(groups) < 2 or len(groups[0]) != _CARD_GROUP:  # noqa: PLR2004
        return False
    if re.search(r"(?<![0-9])[0-9]{4}\s$", flat[max(0, start - _REACH) : start]):
        return True
    following = re.match(r"\s[0-9]{4}(?![0-9])", flat[end : end + _REACH])
    return following is not None and {len(group) for group in groups} == {_CARD_GROUP}


# --- Names ----------------------------------------------------------------------------------------

# As ；（，！ and their like. A wide letter, dot, slash or colon may belong to an address.
_ENDS_IF_WIDE = frozenset(";()!?,<>[]{}\"'|")


def _word_stands_alone(flat: str, start: int, end: int) -> bool:
    """Tell whether no Latin letter or digit touches a word that begins and ends with one."""
    before, after = flat[max(0, start - 2) : start], flat[end : end + 1]
    if (
        flat[start].isascii()
        and re.search(r"[a-z0-9]$", before)
        and not _LINE_ESCAPE.search(before)
    ):
        return False
    return not (flat[end - 1].isascii() and re.match(r"[a-z0-9]", after))


def _name(reading: Reading, spelling: Spelling, first: int, last: int) -> Bounds | None:
    flat, start, end = reading.flat, reading.at[first], reading.at[last - 1] + 1
    if not _word_stands_alone(flat, start, end):
        return None
    name = flat[start:end]
    if name.isascii():
        if not re.search(r"\s", name) and _inside_address(reading, start, end):
            return None
        if not _reads_as_name(reading, spelling, first, joined=name.isalnum()):
            return None
    return start, end, True


def _inside_address(reading: Reading, start: int, end: int) -> bool:
    """Tell whether a word is a piece of an e-mail address or a URL."""
    first, last = start, end
    while first > max(0, start - 2 * _REACH) and _may_stand_in_address(reading, first - 1):
        first -= 1
    while last < min(len(reading.flat), end + 2 * _REACH) and _may_stand_in_address(reading, last):
        last += 1
    before, after = reading.flat[first:start], reading.flat[end:last]
    return bool(
        re.search(r"@|//|www\.|/.*/", before) or re.match(r"@[a-z0-9]|[\w.+-]*@[a-z0-9]", after)
    )


def _may_stand_in_address(reading: Reading, index: int) -> bool:
    """Tell whether a character can be one of an address; the wide marks of Chinese end it."""
    if not "!" <= reading.flat[index] <= "~":
        return False
    return (
        reading.flat[index] not in _ENDS_IF_WIDE or reading.source[reading.starts[index]].isascii()
    )


def _reads_as_name(reading: Reading, spelling: Spelling, first: int, *, joined: bool) -> bool:
    """Tell whether short Latin words are a name and not words of a sentence: by their capitals."""
    if len(spelling.parts) == 1:
        return True
    capitals = []
    position = first
    for part in spelling.parts:
        capitals.append(reading.as_written(position, position + 1).isupper())
        position += len(part)
    if joined and position - first < _SHORT_NAME:
        return all(capitals)
    return all(capitals) or not needs_capitals(spelling)


def needs_capitals(spelling: Spelling) -> bool:
    """Tell whether the words of a spelling are those of English sentences, too."""
    return len(spelling.parts) > 1 and _ENGLISH_SYLLABLES.issuperset(spelling.parts)


# --- Addresses ------------------------------------------------------------------------------------


def _email(reading: Reading, start: int, end: int) -> Bounds | None:
    flat = reading.flat
    before, after = flat[max(0, start - _REACH) : start], flat[end : end + _REACH]
    if re.search(r"[a-z0-9]$", before) and not _LINE_ESCAPE.search(before):
        return None
    if re.search(r"[a-z0-9][.+_%\-'&*]+$", before):
        return None
    if re.match(r"[a-z0-9]|[-_]+[a-z0-9]|[\s(\[{]*(?:dot|点|點)[\s)\]}]*[a-z]", after):
        return None
    if re.match(r"\.[a-z0-9]", after):
        # "…@example.com.Then" is the end of a sentence; "…@example.com.cn" is another address.
        last, following = (
            reading.source[reading.starts[end - 1]],
            reading.source[reading.starts[end + 1]],
        )
        if not (following.isupper() and last.islower()):
            return None
    return start, end, True


def _handle(flat: str, start: int, end: int) -> Bounds | None:
    before, after = flat[max(0, start - _REACH) : start], flat[end : end + _REACH]
    prefix = re.search(r"(?:(?<![a-z0-9])@|(?<![a-z0-9])/?(?:u|user)/)$", before)
    if flat[start].isascii() and not prefix:
        if re.search(r"[a-z0-9_@]$", before) and not _LINE_ESCAPE.search(before):
            return None
        if re.search(r"[a-z0-9][.\-]$", before) and not _LABEL.search(before[:-1]):
            return None
    if flat[end - 1].isascii():
        if re.match(r"[a-z0-9_]|[.\-][a-z0-9_]", after):
            return None
        if after.startswith("@") and not prefix and re.match(r"@[a-z0-9]", after):
            return None
    return start - (len(prefix[0]) if prefix else 0), end, True


def _url(reading: Reading, spelling: Spelling, start: int, end: int) -> Bounds | None:
    flat = reading.flat
    before, after = flat[max(0, start - _REACH) : start], flat[end : end + _REACH]
    prefix = re.search(r"(?:(?:h(?:tt|xx)ps?:)?(?:\\?/){2})?(?:(?:www|m)\.)?$", before)
    assert prefix is not None
    before = before[: prefix.start()]
    if not prefix[0].startswith(("h", "/", "\\")) and re.search(r"[a-z0-9][.\-_]?$|@$", before):
        return None
    host_only = not any("/" in join for join in spelling.joins)
    if re.match(r"[a-z0-9_]|[.\-~@%=][a-z0-9_]", after):
        return None
    if after.startswith("/"):
        # A page below is another page; a page on one's own host is still that host.
        if not host_only and re.match(r"/[\w%~-]", after):
            return None
        end += 1 if not re.match(r"/[\w%~-]", after) else 0
    return start - len(prefix[0]), end, True
