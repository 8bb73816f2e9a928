"""Countries and their parts, as the rules of the regimes know them."""

import pytest
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
        ("en", "FR-974", "Réunion"),
        ("en", "XX", "XX"),
        ("en", "DE-XX", "DE-XX"),
    ],
)
def test_names(language, code, name):
    with translation.override(language):
        assert places.place_name(code) == name


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_two_places_have_the_same_name(language):
    with translation.override(language):
        names = [name for _, name in places.countries()]
    assert len(names) == len(set(names))


def test_accents_do_not_push_a_country_to_the_end():
    with translation.override("en"):
        names = [name for _, name in places.countries()]
    assert names.index("Åland Islands") < names.index("Albania")
