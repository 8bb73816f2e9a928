"""How Chinese characters are read, in Latin letters."""

import functools
import os

# To load the readings of phrases, which nobody asks for here, takes every process half a second.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")

from pypinyin import Style, pinyin


@functools.lru_cache(maxsize=4096)
def readings(character: str) -> list[str]:
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
