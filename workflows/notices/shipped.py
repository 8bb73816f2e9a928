"""The texts that come with the software: `texts/<language>/<kind>[.<REGIME>].txt`.

A text of a regime is there where the law's words differ; all other regimes share the plain one.
"""

from functools import cache
from pathlib import Path

LANGUAGES = ("zh-hans", "en")
_FOLDER = Path(__file__).with_name("texts")


@cache
def shipped_texts() -> dict[tuple[str, str, str], str]:
    """Return every shipped text by regime ('' for all), kind and language."""
    texts = {}
    for language in LANGUAGES:
        for path in sorted((_FOLDER / language).glob("*.txt")):
            kind, _dot, regime = path.stem.partition(".")
            texts[regime, kind, language] = path.read_text(encoding="utf-8")
    return texts
