"""Texts in several languages, of which English is always one."""

from collections.abc import Mapping


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language such as `zh-hans`, else in `zh`, else in English."""
    code = language.lower()
    for known in (code, code.partition("-")[0]):
        if known in texts:
            return texts[known]
    return texts["en"]
