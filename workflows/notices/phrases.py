"""Sentences that depend on the facts of a case, in both languages, from `texts/phrases.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from workflows.regimes.rules.elements import LocalizedText

_FILE = Path(__file__).with_name("texts") / "phrases.toml"


@cache
def _phrases() -> dict[str, LocalizedText]:
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        f"{group}.{name}": LocalizedText(**pair)
        for group, pairs in content.items()
        for name, pair in pairs.items()
    }


def phrase(name: str, language: str, **values: object) -> str:
    """Return the sentence `group.name` with its values. Raises `KeyError` for an unknown one."""
    return _phrases()[name].in_language(language).format(**values)


def has_phrase(name: str) -> bool:
    """Return whether there is such a sentence."""
    return name in _phrases()
