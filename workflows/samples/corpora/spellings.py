"""The ways in which people write their identifiers, written down by hand.

This is the other side of `workflows.corpus`: it imports nothing from it, so that a spelling
which the engine cannot read is a failing test and not a gap in both.
"""

import random
import re
import unicodedata
from collections.abc import Callable

from opencc import OpenCC

Spell = Callable[[str, random.Random], str]

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
SPACES = " \u00a0\u2002\u2009\u202f\u3000"
DASHES = "-\u2010\u2011\u2013\u2014\u2212\uff0d"
_TO_TRADITIONAL = OpenCC("s2t")


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def mixed_width(text: str, rng: random.Random) -> str:
    return "".join(full_width(c) if rng.random() < 0.5 else c for c in text)


def between(text: str, mark: str) -> str:
    return mark.join(text)


def sprinkle(text: str, marks: str, rng: random.Random) -> str:
    """Put a mark after some of the characters, at least one."""
    sure = rng.randrange(len(text) - 1)
    return "".join(
        c + (rng.choice(marks) if i == sure or (i < len(text) - 1 and rng.random() < 0.2) else "")
        for i, c in enumerate(text)
    )


def in_tags(text: str, rng: random.Random) -> str:
    cut = rng.randrange(1, len(text))
    tag = rng.choice(["b", "i", "em", "span", "font", "strong"])
    attributes = rng.choice(["", ' class="x1"', ' style="color:#f00"'])
    return f"{text[:cut]}<{tag}{attributes}>{text[cut:]}"


def grouped(digits: str, separator: str, *sizes: int) -> str:
    pieces, position = [], 0
    for size in sizes:
        pieces.append(digits[position : position + size])
        position += size
    pieces.append(digits[position:])
    return separator.join(piece for piece in pieces if piece)


def _circled(digits: str) -> str:
    return "".join("⓪" if d == "0" else chr(ord("①") + int(d) - 1) for d in digits)


def _numerals(digits: str, signs: str) -> str:
    return "".join(signs[int(d)] for d in digits)


def _some_numerals(digits: str, rng: random.Random) -> str:
    return "".join("零一二三四五六七八九"[int(d)] if rng.random() < 0.5 else d for d in digits)


def _national(phone: str) -> str:
    return phone.removeprefix("+86")


# A Chinese mobile number, given as +86 and eleven digits.
PHONE: dict[str, Spell] = {
    "plain": lambda p, r: _national(p),
    "international": lambda p, r: p,
    "+86 space": lambda p, r: f"+86 {_national(p)}",
    "+86 dash": lambda p, r: f"+86-{grouped(_national(p), '-', 3, 4)}",
    "0086": lambda p, r: f"0086{_national(p)}",
    "(86)": lambda p, r: f"(86){_national(p)}",
    "(+86)": lambda p, r: f"(+86) {grouped(_national(p), ' ', 3, 4)}",
    "（００８６）": lambda p, r: f"（００８６）{full_width(_national(p))}",
    "86 bare": lambda p, r: f"86{_national(p)}",
    "3-4-4 spaces": lambda p, r: grouped(_national(p), rng_space(r), 3, 4),
    "3-4-4 dashes": lambda p, r: grouped(_national(p), r.choice(DASHES), 3, 4),
    "3-4-4 dots": lambda p, r: grouped(_national(p), r.choice(".·•"), 3, 4),
    "3-3-5": lambda p, r: grouped(_national(p), " ", 3, 3),
    "4-3-4": lambda p, r: grouped(_national(p), "-", 4, 3),
    "5-6": lambda p, r: grouped(_national(p), " ", 5),
    "pairs": lambda p, r: grouped(_national(p), " ", 2, 2, 2, 2, 2),
    "single digits": lambda p, r: between(_national(p), r.choice(" -._/")),
    "brackets": lambda p, r: f"({_national(p)[:3]}){_national(p)[3:7]}-{_national(p)[7:]}",
    "square brackets": lambda p, r: f"【{_national(p)[:3]}】{_national(p)[3:]}",
    "slashes": lambda p, r: grouped(_national(p), "/", 3, 4),
    "underscores": lambda p, r: grouped(_national(p), "_", 3, 4),
    "tildes": lambda p, r: grouped(_national(p), "~", 3, 4),
    "stars": lambda p, r: grouped(_national(p), "*", 3, 4),
    "long dashes": lambda p, r: grouped(_national(p), "——", 3, 4),
    "spaced dashes": lambda p, r: grouped(_national(p), " - ", 3, 4),
    "commas": lambda p, r: grouped(_national(p), r.choice(",，、"), 3, 4),
    "ellipsis": lambda p, r: grouped(_national(p), "…", 3, 4),
    "full stops of a Chinese keyboard": lambda p, r: grouped(_national(p), "。", 3, 4),
    "lines": lambda p, r: grouped(_national(p), "\n", 3, 4),
    "tab": lambda p, r: grouped(_national(p), "\t", 3, 4),
    "full width": lambda p, r: full_width(_national(p)),
    "mixed width": lambda p, r: mixed_width(_national(p), r),
    "zero width": lambda p, r: sprinkle(_national(p), ZERO_WIDTH, r),
    "many spaces": lambda p, r: sprinkle(_national(p), SPACES, r),
    "tags": lambda p, r: in_tags(_national(p), r),
    "closed tags": lambda p, r: f"<b>{_national(p)[:3]}</b>{_national(p)[3:]}",
    "line break tag": lambda p, r: grouped(_national(p), "<br/>", 3, 4),
    "entity space": lambda p, r: grouped(_national(p), "&nbsp;", 3, 4),
    "entity digits": lambda p, r: "".join(f"&#{ord(d)};" for d in _national(p)),
    "percent": lambda p, r: grouped(_national(p), "%20", 3, 4),
    "markdown": lambda p, r: f"{_national(p)[:3]}**{_national(p)[3:]}",
    "keycaps": lambda p, r: "".join(f"{d}\ufe0f\u20e3" for d in _national(p)),
    "circled": lambda p, r: _circled(_national(p)),
    "bold digits": lambda p, r: "".join(chr(0x1D7CE + int(d)) for d in _national(p)),
    "superscript": lambda p, r: _numerals(_national(p), "⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "numerals": lambda p, r: _numerals(_national(p), "零一二三四五六七八九"),
    "numerals with circle": lambda p, r: _numerals(_national(p), "〇一二三四五六七八九"),
    "spoken numerals": lambda p, r: _numerals(_national(p), "零幺二三四五六七八九"),
    "formal numerals": lambda p, r: _numerals(_national(p), "零壹贰叁肆伍陆柒捌玖"),
    "grouped numerals": lambda p, r: grouped(
        _numerals(_national(p), "零一二三四五六七八九"), "-", 3, 4
    ),
    "some numerals": lambda p, r: _some_numerals(_national(p), r),
    "一 for a dash": lambda p, r: grouped(_national(p), "一", 3, 4),
    "letters for digits": lambda p, r: _national(p).replace("0", "O").replace("1", "l"),
    "words": lambda p, r: " ".join(
        "zero one two three four five six seven eight nine".split()[int(d)] for d in _national(p)
    ),
    "emoji between": lambda p, r: grouped(_national(p), "📱", 3, 4),
    "bidi marks": lambda p, r: grouped(_national(p), "\u202d", 3, 4),
}


def rng_space(rng: random.Random) -> str:
    return rng.choice(SPACES)


def _spaced(email: str) -> str:
    local, domain = email.split("@")
    return f"{local} @ {' . '.join(domain.split('.'))}"


def _worded(email: str, at: str, dot: str) -> str:
    local, domain = email.split("@")
    return f"{local}{at}{domain.replace('.', dot)}"


EMAIL: dict[str, Spell] = {
    "plain": lambda e, r: e,
    "upper": lambda e, r: e.upper(),
    "title": lambda e, r: e.title(),
    "[at]": lambda e, r: e.replace("@", "[at]"),
    "(at)": lambda e, r: e.replace("@", " (at) "),
    " at ": lambda e, r: e.replace("@", " at "),
    "{AT}": lambda e, r: e.replace("@", "{AT}"),
    "-at-": lambda e, r: e.replace("@", "-at-"),
    "_at_": lambda e, r: e.replace("@", "_at_"),
    "<at>": lambda e, r: e.replace("@", "<at>"),
    "(a)": lambda e, r: e.replace("@", "(a)"),
    "(@)": lambda e, r: e.replace("@", "(@)"),
    "#": lambda e, r: e.replace("@", "#"),
    "艾特": lambda e, r: e.replace("@", r.choice(["艾特", "（艾特）", " 艾特 "])),
    "at dot": lambda e, r: _worded(e, " at ", " dot "),
    "[at] [dot]": lambda e, r: _worded(e, " [at] ", " [dot] "),
    "(at) (dot)": lambda e, r: _worded(e, "(at)", "(dot)"),
    "AT DOT joined": lambda e, r: _worded(e, "AT", "DOT"),
    "[.]": lambda e, r: _worded(e, "@", "[.]"),
    "点": lambda e, r: _worded(e, "@", "点"),
    "艾特 点": lambda e, r: _worded(e, "艾特", "点"),
    "ideographic full stop": lambda e, r: _worded(e, "@", "。"),
    "comma": lambda e, r: _worded(e, "@", ","),
    "spaces": lambda e, r: _spaced(e),
    "space before": lambda e, r: e.replace("@", " @"),
    "letters apart": lambda e, r: " ".join(e),
    "full-width at": lambda e, r: e.replace("@", "＠"),
    "small at": lambda e, r: e.replace("@", "﹫"),
    "full width": lambda e, r: full_width(e),
    "mixed width": mixed_width,
    "entity": lambda e, r: e.replace("@", "&#64;"),
    "hex entity": lambda e, r: e.replace("@", "&#x40;"),
    "named entities": lambda e, r: e.replace("@", "&commat;").replace(".", "&period;"),
    "escaped entity": lambda e, r: e.replace("@", "&amp;#64;"),
    "all entities": lambda e, r: "".join(f"&#{ord(c)};" for c in e),
    "percent": lambda e, r: e.replace("@", "%40"),
    "all percent": lambda e, r: "".join(f"%{ord(c):02X}" for c in e),
    "program escape": lambda e, r: e.replace("@", "\\u0040"),
    "zero width": lambda e, r: sprinkle(e, ZERO_WIDTH, r),
    "tags": lambda e, r: e.replace("@", "<span>@</span>"),
    "comment": lambda e, r: e.replace("@", "<!-- no spam -->@"),
    "markdown": lambda e, r: e.replace("_", "\\_").replace("@", "\\@"),
    "mailto": lambda e, r: e,
}

ID: dict[str, Spell] = {
    "plain": lambda i, r: i,
    "lower": lambda i, r: i.lower(),
    "6-8-4": lambda i, r: grouped(i, r.choice(" -" + SPACES), 6, 8),
    "6-4-4-4": lambda i, r: grouped(i, " ", 6, 4, 4),
    "3-3-4-4-4": lambda i, r: grouped(i, "-", 3, 3, 4, 4),
    "single characters": lambda i, r: between(i, " "),
    "dots": lambda i, r: grouped(i, ".", 6, 8),
    "full width": lambda i, r: full_width(i),
    "mixed width": mixed_width,
    "zero width": lambda i, r: sprinkle(i, ZERO_WIDTH, r),
    "tags": in_tags,
    "roman ten": lambda i, r: i.replace("X", "Ⅹ"),
    "times sign": lambda i, r: i.replace("X", "×"),
    "numerals": lambda i, r: "".join(
        "零一二三四五六七八九"[int(c)] if c.isdigit() else c for c in i
    ),
}

HANDLE: dict[str, Spell] = {
    "plain": lambda h, r: h,
    "@": lambda h, r: f"@{h}",
    "full-width @": lambda h, r: f"＠{h}",
    "u/": lambda h, r: f"u/{h}",
    "/u/": lambda h, r: f"/u/{h}",
    "upper": lambda h, r: h.upper(),
    "full width": lambda h, r: full_width(h),
    "zero width": lambda h, r: sprinkle(h, ZERO_WIDTH, r),
    "tags": in_tags,
    "markdown": lambda h, r: h.replace("_", "\\_"),
}

URL: dict[str, Spell] = {
    "plain": lambda u, r: u,
    "http": lambda u, r: u.replace("https://", "http://"),
    "bare": lambda u, r: u.removeprefix("https://"),
    "www": lambda u, r: u.replace("https://", "https://www."),
    "www bare": lambda u, r: u.replace("https://", "www."),
    "slash": lambda u, r: f"{u}/",
    "upper scheme": lambda u, r: u.replace("https://weibo.com", "HTTPS://Weibo.Com"),
    "hxxp": lambda u, r: u.replace("https", "hxxps").replace(".com", "[.]com"),
    "protocol-relative": lambda u, r: u.removeprefix("https:"),
    "percent": lambda u, r: u.replace(":", "%3A").replace("/", "%2F"),
    "percent letter": lambda u, r: u.replace("/u/", "/%75/"),
    "entity": lambda u, r: u.replace("/", "&#x2F;"),
    "full width": lambda u, r: full_width(u),
    "zero width": lambda u, r: u.replace(".", ".\u200b"),
}


def _traditional(name: str) -> str:
    return "".join(_TO_TRADITIONAL.convert(c) for c in name)


# A Chinese name.
NAME: dict[str, Spell] = {
    "plain": lambda n, r: n,
    "traditional": lambda n, r: _traditional(n),
    "one space": lambda n, r: f"{n[0]}{r.choice(SPACES)}{n[1:]}",
    "spaces": lambda n, r: between(n, r.choice(SPACES)),
    "two spaces": lambda n, r: between(n, "  "),
    "middle dots": lambda n, r: between(n, r.choice("·・•‧")),
    "zero width": lambda n, r: sprinkle(n, ZERO_WIDTH, r),
    "tags": in_tags,
    "line": lambda n, r: f"{n[0]}\n{n[1:]}",
    "radicals": lambda n, r: n.replace("小", "⼩").replace("金", "⾦").replace("马", "⻢"),
    "entities": lambda n, r: "".join(f"&#{ord(c)};" for c in n),
    "percent": lambda n, r: "".join(f"%{b:02X}" for b in n.encode()),
    "entity space": lambda n, r: between(n, "&nbsp;"),
    "markdown": lambda n, r: f"{n[0]}**{n[1:]}",
}

_TONES = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "v": "ǖǘǚǜ"}


def _toned(syllable: str, rng: random.Random) -> str:
    """Put a tone mark on a syllable, by the rule: a or e, the o of ou, else the last vowel."""
    for mark in ("a", "e", "ou"):
        if mark in syllable:
            return syllable.replace(mark[0], rng.choice(_TONES[mark[0]]), 1)
    last = max(syllable.rfind(vowel) for vowel in "iouv")
    return syllable[:last] + rng.choice(_TONES[syllable[last]]) + syllable[last + 1 :]


def _words(pinyin: str) -> tuple[str, str]:
    """Split "wang xiao ming" into surname and given name."""
    surname, *given = pinyin.split()
    return surname, "".join(given)


# A name in pinyin, given as lower-case syllables, surname first.
PINYIN: dict[str, Spell] = {
    "Wang Xiaoming": lambda p, r: " ".join(_words(p)).title(),
    "Xiaoming Wang": lambda p, r: " ".join(reversed(_words(p))).title(),
    "WANG Xiaoming": lambda p, r: f"{_words(p)[0].upper()} {_words(p)[1].title()}",
    "WANG XIAOMING": lambda p, r: " ".join(_words(p)).upper(),
    "Wang, Xiaoming": lambda p, r: ", ".join(_words(p)).title(),
    "Wang Xiao Ming": lambda p, r: p.title(),
    "Xiao-Ming Wang": lambda p, r: f"{'-'.join(p.split()[1:])} {p.split()[0]}".title(),
    "wang xiaoming": lambda p, r: " ".join(_words(p)),
    "XiaoMing Wang": lambda p, r: (
        f"{''.join(s.title() for s in p.split()[1:])} {p.split()[0].title()}"
    ),
    "WangXiaoming": lambda p, r: "".join(w.title() for w in _words(p)),
    "tones": lambda p, r: " ".join(_toned(s, r) for s in p.split()).title(),
    "tones decomposed": lambda p, r: unicodedata.normalize(
        "NFD", " ".join(_toned(s, r) for s in p.split()).title()
    ),
    "full width": lambda p, r: full_width(" ".join(_words(p)).title()),
    "no-break space": lambda p, r: "\u00a0".join(_words(p)).title(),
    "line": lambda p, r: "\n".join(_words(p)).title(),
    "tags": lambda p, r: "<b>{}</b> {}".format(*(w.title() for w in _words(p))),
}

# A name in Latin letters.
LATIN: dict[str, Spell] = {
    "plain": lambda n, r: n,
    "upper": lambda n, r: n.upper(),
    "lower": lambda n, r: n.lower(),
    "no accents": lambda n, r: re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", n)),
    "decomposed": lambda n, r: unicodedata.normalize("NFD", n),
    "last first": lambda n, r: f"{n.split()[-1]}, {' '.join(n.split()[:-1])}",
    "no-break space": lambda n, r: n.replace(" ", "\u00a0"),
    "line": lambda n, r: n.replace(" ", "\n"),
    "full width": lambda n, r: full_width(n),
    "zero width": lambda n, r: sprinkle(n, ZERO_WIDTH, r),
    "entities": lambda n, r: "".join(c if c.isascii() else f"&#{ord(c)};" for c in n),
}
