"""The languages in which notices are written: all that the portal offers."""

from pathlib import Path

from django.conf import settings

# A folder of each language, with its texts and sentences.
FOLDER = Path(__file__).with_name("texts")


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that are offered."""
    return tuple(code for code, _name in settings.LANGUAGES)


def language_of(language: str) -> str:
    """Return the language of texts for the language of a case; English for an unknown one."""
    return language if language in languages() else "en"
