"""A new language is an entry of the settings, a catalogue, and a folder with the texts of notices.

The test adds German in a copy of the code. It translates a few sentences and takes the others from
English; names of places and the words of a law are translated where there is a translation.
"""

import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

pytestmark = pytest.mark.stack

SETTINGS = Path("requests_portal/settings.py")
CATALOGUE = Path("locale/de/LC_MESSAGES/django.po")
TEXTS = Path("workflows/notices/texts")
PLACES = Path("workflows/vocabulary/places.de.toml")
LAW = Path("workflows/regimes/EU.toml")

TRANSLATED = {
    "We received your request.": "Wir haben Ihren Antrag erhalten.",
    "Case %(case_number)s: we have received your request": "Fall %(case_number)s: eingegangen",
    "By law we must answer by <strong>%(due)s</strong>.": (
        "Nach dem Gesetz antworten wir bis <strong>%(due)s</strong>."
    ),
}
RULE = 'de = "Antwort binnen eines Monats nach Eingang.", '


def translate(path: Path) -> None:
    """Write the translations into a catalogue."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="de")
    for sentence, translation in TRANSLATED.items():
        catalogue[sentence].string = translation
    with path.open("wb") as file:
        write_po(file, catalogue)


def test_an_entry_a_catalogue_and_a_folder_of_texts_are_enough(copy):
    copy.insert(SETTINGS, '("de", "Deutsch"), ', before='("en", "English")]')
    shutil.copytree(copy.folder / TEXTS / "en", copy.folder / TEXTS / "de")
    copy.replace(TEXTS / "de/acknowledgement.txt", "we have received your request", "eingegangen")
    copy.replace(TEXTS / "de/phrases.toml", "We will answer by {day}", "Wir antworten bis {day}")
    copy.insert(LAW, RULE, before='en = "Answer within one month of receipt; the day of receipt')
    copy.write(PLACES, '[countries]\nDE = "Deutschland"\n')
    copy.run("-m", "requests_portal.local.catalogue", "de")
    translate(copy.folder / CATALOGUE)
    copy.run("-m", "requests_portal.local.messages")

    told = copy.journey("journey_of_a_language", "de")

    assert '<html lang="de">' in told["page"]
    assert "Wir haben Ihren Antrag erhalten." in told["page"]
    assert f"Nach dem Gesetz antworten wir bis <strong>{told['day']}</strong>" in told["page"]
    assert "Antwort binnen eines Monats nach Eingang." in told["page"]
    assert told["mail"]["subject"] == f"Fall {told['case']}: eingegangen"
    assert "Antwort binnen eines Monats nach Eingang." in told["mail"]["body"]
    assert f"Case {told['case']}: eingegangen" in told["notice"]
    assert f"Wir antworten bis {told['day']}" in told["notice"]
    assert '<html lang="de">' in told["notice as a page"]
    assert told["notice in PDF"] == "de"
    assert {"DE": "Deutschland", "FR": "France"}.items() <= told["places"].items()
