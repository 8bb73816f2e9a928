"""Wade-Giles: the Latin letters of Chinese names in Taiwan and in older books.

Made from pinyin by rule (H. A. Giles, A Chinese-English Dictionary, 1912). The apostrophe after an
aspirated sound is often left out; a syllable with one is given in two pieces, so that both are
found.
"""

import re


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
