"""Decides whether an identifier stands by itself, and where its spelling begins and ends.

A number inside a longer number is another number, an address inside a longer address another
address. What belongs to the spelling is taken in: a country code, the @ of a handle, a scheme.
Positions are those of the folded text, `NormalizedText.flat`.
"""

import re

from workflows.corpus.match.number_delimiters import (
    LABEL,
    REACH,
    Bounds,
    id_number_span,
    phone_span,
)
from workflows.corpus.match.spellings import (
    IN_MANY_LANGUAGES,
    LANGUAGE,
    SAME_SITE,
    Spelling,
    SpellingForm,
)
from workflows.corpus.normalize.text_views import NormalizedText
from workflows.corpus.values import Kind

_SPACE = re.compile(r"\s")
_ENDS_IN_NUMBER = re.compile(r"(?<![a-z0-9])[0-9]+\Z")
_BEGINS_IN_NUMBER = re.compile(r"[0-9]+(?![a-z0-9])")
_LINE_ESCAPE = re.compile(r"\\[nrt]\Z")
_LONG_DASHES = "—―⸺"
_LIST_MARK_OF_LINE = re.compile(r"(?:^|\n)\s*[1-9][0-9]?\.\Z")

_NETWORK = re.compile(
    r"(?:^|[^a-z0-9])(?:ig|ins|insta(?:gram)?|fb|facebook|twitter|telegram|line|snap(?:chat)?|tiktok|"
    r"discord|skype|github|weibo|douyin|xhs|bilibili|zhihu)\Z"
)
# What a number that is a handle may touch: "QQ287654321".
_MESSENGER = re.compile(r"(?:^|[^a-z0-9])(?:qq|wx|vx|wechat|weixin|tg)\Z")
_USER = re.compile(r"(?<![a-z0-9])/?(?:u|user)/\Z")
# What stands behind an address, a handle, or an address of a page and makes it another one.
_GOES_ON = re.compile(r"[a-z0-9]|[-_]+[a-z0-9]|[\s(\[{]*(?:dot|点|點)[\s)\]}]*[a-z]")
# A dot before an address, in a word or in brackets: "li dot wang.xm@example.com".
_GOES_BACK = re.compile(
    r"[a-z0-9](?:[\s(\[{]+dot[\s)\]}]+|\s?[(\[{]\s?\.\s?[)\]}]\s?)\Z|[a-z](?:点|點)\Z"
)
_HANDLE_GOES_ON = re.compile(r"[a-z0-9_]|[.\-][a-z0-9_]")
_URL_GOES_ON = re.compile(r"[a-z0-9_]|[.\-~@%=][a-z0-9_]")
_PAGE_BELOW = re.compile(r"/[\w%~-]")


def _scheme(hosts: str) -> re.Pattern[str]:
    """Return what may stand before an address: also so that nobody can click on it, or spaced."""
    return re.compile(
        r"(?:(?:h(?:tt|xx|\*\*)ps?\s?[\[(]?:[\])]?\s?)?(?:(?:\\?/){2}|\\\\)\s?)?"
        rf"(?:(?:{hosts})\s?[\[(]?[.。][\])]?\s?)?\Z"
    )


_SCHEME = _scheme(SAME_SITE)
_SCHEME_WITH_LANGUAGE = _scheme(f"{SAME_SITE}|{LANGUAGE}")

_ADDRESS_BEFORE = re.compile(r"@|//|www\.|/.*/")
_ADDRESS_BEHIND = re.compile(r"@[a-z0-9]|[\w.+-]*@[a-z0-9]")

_SHORT_NAME = 6
# English words which are also syllables of names: "he ran" is not 何然.
_ENGLISH_SYLLABLES = frozenset(
    "a an ban bang bin can dang den die ding do dong fan fang fen gang go gong guy hai han "  # noqa: SIM905
    "hang he hen hang i king lang lie long lung mai man me men pan pang pen pie pin ping "
    "ran rang sang she song sun tan tang ten to wan wing ye yin you".split()
)


def delimited_span(
    reading: NormalizedText, kind: Kind, spelling: Spelling, first: int, last: int
) -> Bounds | None:
    """Return start and end of the whole spelling and whether it is certain; None if it is a part.

    `first` is the index of its first letter in the reading, `last` that after its last letter.
    """
    start, end = reading.at[first], reading.at[last - 1] + 1
    if spelling.view is SpellingForm.PHONE:
        return phone_span(reading, spelling, start, end)
    if spelling.view is SpellingForm.ID:
        return id_number_span(reading, start, end)
    if kind is Kind.NAME:
        return _name(reading, spelling, first, last)
    if kind is Kind.EMAIL:
        return _email(reading, start, end)
    return (
        _handle(reading, start, end) if kind is Kind.HANDLE else _url(reading, spelling, start, end)
    )


# --- Names ----------------------------------------------------------------------------------------

# As ；（，！ and their like. A wide letter, dot, slash or colon may belong to an address.
_ENDS_IF_WIDE = frozenset(";()!?,<>[]{}\"'|")


def _word_stands_alone(flat: str, start: int, end: int) -> bool:
    """Tell whether no Latin letter or digit touches a word that begins and ends with one."""
    # The number of a note, or a telephone number, may touch a name of several words.
    several = " " in flat[start:end]
    if flat[start].isascii() and _is_latin(flat[start - 1 : start]):
        before = flat[max(0, start - REACH) : start]
        if not (_LINE_ESCAPE.search(before) or (several and _ENDS_IN_NUMBER.search(before))):
            return False
    return not (
        flat[end - 1].isascii()
        and _is_latin(flat[end : end + 1])
        and not (several and _BEGINS_IN_NUMBER.match(flat, end, end + REACH))
    )


def _is_latin(character: str) -> bool:
    """Tell whether a character of a folded text, if there is one, is a Latin letter or a digit."""
    return character.isascii() and character.isalnum()


def _name(reading: NormalizedText, spelling: Spelling, first: int, last: int) -> Bounds | None:
    flat, start, end = reading.flat, reading.at[first], reading.at[last - 1] + 1
    if not _word_stands_alone(flat, start, end):
        return None
    name = flat[start:end]
    if name.isascii():
        joined = name.isalnum()
        if (joined or not _SPACE.search(name)) and _inside_address(reading, start, end):
            return None
        if not _reads_as_name(reading, spelling, first, joined=joined):
            return None
    return start, end, True


def _inside_address(reading: NormalizedText, start: int, end: int) -> bool:
    """Tell whether a word is a piece of an e-mail address or a URL."""
    first, last = start, end
    while first > max(0, start - 2 * REACH) and _may_stand_in_address(reading, first - 1):
        first -= 1
    while last < min(len(reading.flat), end + 2 * REACH) and _may_stand_in_address(reading, last):
        last += 1
    return bool(
        _ADDRESS_BEFORE.search(reading.flat, first, start)
        or _ADDRESS_BEHIND.match(reading.flat, end, last)
    )


def _may_stand_in_address(reading: NormalizedText, index: int) -> bool:
    """Tell whether a character can be one of an address; the wide marks of Chinese end it."""
    if not "!" <= reading.flat[index] <= "~":
        return False
    return (
        reading.flat[index] not in _ENDS_IF_WIDE or reading.source[reading.starts[index]].isascii()
    )


def _reads_as_name(
    reading: NormalizedText, spelling: Spelling, first: int, *, joined: bool
) -> bool:
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


def _sides(reading: NormalizedText, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and behind; a long dash separates, and is in no address."""
    return _side(reading, max(0, start - REACH), start), _side(reading, end, end + REACH)


def _side(reading: NormalizedText, start: int, end: int) -> str:
    side = reading.flat[start:end]
    if "-" not in side:
        return side
    return "".join(
        " " if c == "-" and reading.source[reading.starts[index]] in _LONG_DASHES else c
        for index, c in enumerate(side, start)
    )


def _joined_by(marks: str, before: str) -> bool:
    """Tell whether a text ends in some of these marks, and a Latin letter or digit before them."""
    return before[-1:] in marks and _is_latin(before.rstrip(marks)[-1:])


def _email(reading: NormalizedText, start: int, end: int) -> Bounds | None:
    before, after = _sides(reading, start, end)
    if _is_latin(before[-1:]) and not _LINE_ESCAPE.search(before):
        return None
    if _joined_by(".+_%-'&*", before) and not _LIST_MARK_OF_LINE.search(before):
        return None
    if _GOES_BACK.search(before):
        return None
    if _GOES_ON.match(after):
        return None
    if after.startswith(".") and _is_latin(after[1:2]):
        # "…@example.com.Then" is the end of a sentence; "…@example.com.cn" is another address.
        last, following = (
            reading.source[reading.starts[end - 1]],
            reading.source[reading.starts[end + 1]],
        )
        if not (following.isupper() and last.islower()):
            return None
    return start, end, True


def _handle(reading: NormalizedText, start: int, end: int) -> Bounds | None:
    flat = reading.flat
    before, after = _sides(reading, start, end)
    prefix = ""
    if before.endswith("@") and (not _is_latin(before[-2:-1]) or _named(before[:-1])):
        prefix = "@"
    elif before.endswith("/") and (found := _USER.search(before)):
        prefix = found[0]
    if flat[start].isascii() and not prefix:
        touched = before.endswith(("_", "@")) or _is_latin(before[-1:])
        labelled = flat[start].isdecimal() and _MESSENGER.search(before)
        if touched and not labelled and not _LINE_ESCAPE.search(before):
            return None
        if (
            before.endswith((".", "-"))
            and _is_latin(before[-2:-1])
            and not _named(before[:-1])
            and not _LIST_MARK_OF_LINE.search(before)
        ):
            return None
    if flat[end - 1].isascii():
        if _HANDLE_GOES_ON.match(after):
            return None
        if not prefix and after.startswith("@") and _is_latin(after[1:2]):
            return None
    return start - len(prefix), end, True


def _named(before: str) -> bool:
    """Tell whether a text ends with the word for what follows it, as in "IG@wang_xm"."""
    return bool(LABEL.search(before) or _NETWORK.search(before))


def _url(reading: NormalizedText, spelling: Spelling, start: int, end: int) -> Bounds | None:
    before, after = _sides(reading, start, end)
    # A scheme ends in a slash, and "www" in a dot; to look for either takes long.
    pattern = _SCHEME_WITH_LANGUAGE if spelling.parts[:2] in IN_MANY_LANGUAGES else _SCHEME
    scheme = pattern.search(before) if before.rstrip()[-1:] in "/\\.。])" else None
    prefix = scheme[0] if scheme else ""
    before = before[: len(before) - len(prefix)]
    if not re.search(r"[/\\]", prefix) and not _LINE_ESCAPE.search(before):
        last = before[-2:-1] if before.endswith((".", "-", "_")) else before[-1:]
        if before.endswith("@") or _is_latin(last) or _GOES_BACK.search(before):
            return None
    if _URL_GOES_ON.match(after):
        return None
    if after.startswith("/"):
        if not _PAGE_BELOW.match(after):
            end += 1
        elif any("/" in join for join in spelling.joins):
            # A page below is another page; a page on one's own host is still that host.
            return None
    return start - len(prefix), end, True
