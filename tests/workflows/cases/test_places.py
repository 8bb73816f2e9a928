"""Countries and their parts, as the rules of the regimes know them."""

import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from workflows.regimes.calendars import is_known_region
from workflows.regimes.services import all_regimes
from workflows.vocabulary import places


def every_code() -> list[str]:
    codes = [code for code, _ in places.countries()]
    return codes + [code for country in codes for code, _ in places.parts_of(country)]


@pytest.mark.parametrize("regime", all_regimes(), ids=lambda regime: regime.code)
def test_every_place_of_every_regime_can_be_chosen(regime):
    # A union has no inhabitants of its own, and the neutral policy no territory.
    assert set(regime.places) - {"EU", "ZZ"} <= set(every_code())


def test_every_part_has_working_days_or_a_law_of_its_own():
    for country, _ in places.countries():
        for code, _ in places.parts_of(country):
            assert is_known_region(code) or any(law.covers(code) for law in all_regimes()), code


def test_every_part_belongs_to_its_country():
    for country, _ in places.countries():
        assert all(code.startswith(f"{country}-") for code, _ in places.parts_of(country))


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("en", "DE-BE", "Germany, Berlin"),
        ("zh-hans", "DE-BE", "德国柏林"),
        ("zh-hans", "CN", "中国大陆"),
        ("de", "US-CA", "Vereinigte Staaten, Kalifornien"),
        ("en", "FR-974", "Réunion"),
        ("en", "XX", "XX"),
        ("en", "DE-XX", "DE-XX"),
    ],
)
def test_names(language, code, name):
    with translation.override(language):
        assert places.place_name(code) == name


@pytest.mark.parametrize("language", sorted(settings.SHIPPED_LANGUAGES.keys() - {"en", "zh-hans"}))
def test_a_language_that_is_shipped_names_every_place(language):
    path = Path(places.__file__).with_name(f"places.{language}.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    named = {*tables["countries"], *(code for part in tables["parts"].values() for code in part)}

    assert named == set(every_code())


@pytest.mark.parametrize("language", settings.SHIPPED_LANGUAGES)
def test_no_two_places_have_the_same_name(language):
    with translation.override(language):
        names = [name for _, name in places.countries()]
    assert len(names) == len(set(names))


def test_accents_do_not_push_a_country_to_the_end():
    with translation.override("en"):
        names = [name for _, name in places.countries()]
    assert names.index("Åland Islands") < names.index("Albania")
