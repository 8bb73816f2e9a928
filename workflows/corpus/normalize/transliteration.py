"""How Chinese characters are read, in Latin letters."""

import functools
import re

from pypinyin import Style, pinyin


@functools.lru_cache(maxsize=4096)
def pinyin_readings(character: str) -> list[str]:
    """Return the first readings of a character; ü is written v, u or yu.

    What has no reading is returned as it is.
    """
    found = []
    for syllable in pinyin(character, style=Style.NORMAL, heteronym=True)[0][:2]:
        if "v" in syllable:
            found += [syllable, syllable.replace("v", "u"), syllable.replace("v", "yu")]
        else:
            found.append(syllable)
    return [syllable for syllable in found if syllable.isascii()] or [character]


@functools.lru_cache(maxsize=4096)
def with_tone(character: str) -> str:
    """Return the first reading of a character with the number of its tone: wang2."""
    syllables = pinyin(character, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)
    return str(syllables[0][0])


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs.split())


_WHOLE = _table(
    "zhi=chih chi=ch'ih shi=shih ri=jih zi=tzu ci=tz'u si=ssu er=erh yi=i you=yu yu=yü ye=yeh "
    "yan=yen yue=yüeh yuan=yüan yun=yün yong=yung gui=kuei kui=k'uei ge=ko ke=k'o he=ho e=o "
    "guo=kuo kuo=k'uo huo=huo shuo=shuo"
)
_INITIALS = _table("zh=ch ch=ch' sh=sh b=p p=p' d=t t=t' g=k k=k' j=ch q=ch' x=hs z=ts c=ts' r=j")
_FINALS = _table("ian=ien ie=ieh ong=ung iong=iung uo=o v=ü ve=üeh")
# After j, q and x, a written u is ü.
_FINALS_OF_PALATALS = {"u": "ü", "ue": "üeh", "uan": "üan", "un": "ün"}
_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcs])?([a-zü]+)")
# What people in Taiwan write instead in their own names.
_IN_TAIWAN = {"i": "yi", "ssu": "szu"}


def wade_giles(syllable: str, *, in_taiwan: bool = False) -> tuple[str, ...]:
    """Return a syllable of pinyin in Wade-Giles, without its umlaut, in one piece or two.

    With `in_taiwan`, as it is written there today.
    """
    spelled = _spell(syllable).replace("ü", "u")
    return tuple((_IN_TAIWAN.get(spelled, spelled) if in_taiwan else spelled).split("'"))


def _spell(syllable: str) -> str:
    if syllable in _WHOLE:
        return _WHOLE[syllable]
    match = _SYLLABLE.fullmatch(syllable)
    if match is None:
        return syllable
    initial, final = match[1] or "", match[2]
    if initial and initial in "jqx":
        final = _FINALS_OF_PALATALS.get(final, final)
    return _INITIALS.get(initial, initial) + _FINALS.get(final, final)
