"""Sentences that depend on the facts of a case, from `texts/<language>/phrases.toml`."""

import tomllib
from functools import cache

from workflows.notices.languages import FOLDER, language_of


@cache
def phrases(language: str) -> dict[str, str]:
    """Return every sentence of a language by `group.name`; none where it has no file."""
    path = FOLDER / language / "phrases.toml"
    if not path.exists():
        return {}
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        f"{group}.{name}": sentence
        for group, sentences in content.items()
        for name, sentence in sentences.items()
    }


def phrase(name: str, language: str, **values: object) -> str:
    """Return the sentence `group.name` with its values. Raises `KeyError` for an unknown one."""
    return phrases(language_of(language))[name].format(**values)


def has_phrase(name: str) -> bool:
    """Return whether there is such a sentence."""
    return name in phrases("en")
