"""A new language is a line of the settings, a catalogue, and a folder with the texts of notices.

The test adds Dutch in a copy of the code. It translates a few sentences and takes the others from
English; names of places and the words of a law are translated where there is a translation.
"""

import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

pytestmark = pytest.mark.stack

SETTINGS = Path("requests_portal/settings.py")
CATALOGUE = Path("locale/nl/LC_MESSAGES/django.po")
TEXTS = Path("workflows/notices/texts")
PLACES = Path("workflows/vocabulary/places.nl.toml")
LAW = Path("workflows/regimes/EU.toml")

TRANSLATED = {
    "We received your request.": "Wij hebben uw verzoek ontvangen.",
    "Case %(case_number)s: we have received your request": "Zaak %(case_number)s: ontvangen",
    "By law we must answer by <strong>%(due)s</strong>.": (
        "Volgens de wet antwoorden wij uiterlijk op <strong>%(due)s</strong>."
    ),
}
RULE = 'nl = "Antwoord binnen een maand na ontvangst.", '


def translate(path: Path) -> None:
    """Write the translations into a catalogue."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="nl")
    for sentence, translation in TRANSLATED.items():
        catalogue[sentence].string = translation
    with path.open("wb") as file:
        write_po(file, catalogue)


def test_an_entry_a_catalogue_and_a_folder_of_texts_are_enough(copy):
    copy.insert(SETTINGS, '    "nl": "Nederlands",\n', before='    "en": "English",\n')
    copy.environment["LANGUAGES"] = "zh-hans,en,nl"
    shutil.copytree(copy.folder / TEXTS / "en", copy.folder / TEXTS / "nl")
    copy.replace(TEXTS / "nl/acknowledgement.txt", "we have received your request", "ontvangen")
    copy.replace(
        TEXTS / "nl/phrases.toml", "We will answer by {day}", "Wij antwoorden uiterlijk op {day}"
    )
    copy.insert(LAW, RULE, before='en = "Answer within one month of receipt; the day of receipt')
    copy.write(PLACES, '[countries]\nDE = "Duitsland"\n')
    copy.run("-m", "requests_portal.local.catalogue", "nl")
    translate(copy.folder / CATALOGUE)
    copy.run("-m", "requests_portal.local.messages")

    told = copy.journey("journey_of_a_language", "nl")

    assert '<html lang="nl">' in told["page"]
    assert "Wij hebben uw verzoek ontvangen." in told["page"]
    assert f"uiterlijk op <strong>{told['day']}</strong>" in told["page"]
    assert "Antwoord binnen een maand na ontvangst." in told["page"]
    assert told["mail"]["subject"] == f"Zaak {told['case']}: ontvangen"
    assert "Antwoord binnen een maand na ontvangst." in told["mail"]["body"]
    assert f"Case {told['case']}: ontvangen" in told["notice"]
    assert f"Wij antwoorden uiterlijk op {told['day']}" in told["notice"]
    assert '<html lang="nl">' in told["notice as a page"]
    assert told["notice in PDF"] == "nl"
    assert {"DE": "Duitsland", "FR": "France"}.items() <= told["places"].items()
