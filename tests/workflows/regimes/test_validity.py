"""Rules that begin or end on a day, and laws of one family."""

from datetime import date

import pytest

from workflows.regimes.registry import load
from workflows.regimes.rules.reader import Document, RuleFileError
from workflows.regimes.rules.regime import parse_regime
from workflows.regimes.services import get_regime

BEGINS = date(2026, 7, 1)


def regime_with(**changes):
    """Return the law of Brazil with some tables changed, each given as {path: value}."""
    document = dict(get_regime("BR").document)
    for path, value in changes.items():
        table, _dot, key = path.partition("__")
        document[table] = {**document[table], key: value} if key else value
    return parse_regime(Document("BR.toml", "", document))


@pytest.fixture
def later_right():
    rule = {**get_regime("BR").document["items"]["delete"], "valid_from": BEGINS.isoformat()}
    return regime_with(items__delete=rule)


def test_a_right_is_one_from_its_first_day_on(later_right):
    assert later_right.on(date(2026, 6, 30)).item("delete") is None
    assert later_right.on(BEGINS).item("delete") is not None


def test_a_right_is_one_until_its_last_day():
    rule = {**get_regime("BR").document["items"]["delete"], "valid_to": "2026-06-30"}
    ended = regime_with(items__delete=rule)
    assert ended.on(date(2026, 6, 30)).item("delete") is not None
    assert ended.on(BEGINS).item("delete") is None


def test_what_will_be_in_force_is_listed_with_its_day(later_right):
    [change] = later_right.changes
    assert (change.on, change.path, change.begins) == (BEGINS, ("items", "delete"), True)


def test_the_rules_of_a_day_are_kept_without_a_word_on_their_days(later_right):
    kept = later_right.on(BEGINS)
    assert not kept.changes
    assert "valid_from" not in kept.snapshot()["regime"]["items"]["delete"]


def test_an_end_before_the_beginning_is_refused():
    rule = {**get_regime("BR").document["items"]["delete"]}
    rule |= {"valid_from": "2026-07-01", "valid_to": "2026-06-30"}
    with pytest.raises(RuleFileError, match="must not be before valid_from"):
        regime_with(items__delete=rule)


@pytest.fixture
def family(tmp_path):
    """A folder with a family that says everything, and one law of it."""
    (tmp_path / "families").mkdir()
    shipped = load_text("BR")
    (tmp_path / "families" / "south.toml").write_text(shipped)
    (tmp_path / "XB.toml").write_text(
        'extends = "south"\ncode = "XB"\nversion = "1"\n[clocks.response]\namount = 7\n'
    )
    return tmp_path


def load_text(code: str) -> str:
    from workflows.regimes.registry import SHIPPED

    return (SHIPPED / f"{code}.toml").read_text()


def test_a_law_says_only_how_it_differs_from_its_family(family):
    regime = load(family).current["XB"]
    assert regime.clock("response").rule.amount == 7
    assert regime.items == get_regime("BR").items
    assert "extends" not in regime.document


def test_a_family_that_is_not_there_is_named(family):
    (family / "families" / "south.toml").unlink()
    with pytest.raises(RuleFileError, match="there is no family 'south'"):
        load(family)


def test_people_elsewhere_are_answered_as_at_the_main_establishment():
    berlin = get_regime("EU").at_main_establishment("DE-BE")
    assert berlin.place("CN").calendar == "DE-BE"
    assert berlin.authority_for("CN") == get_regime("EU").authorities["DE-BE"]
    assert berlin.authority_for("FR") == get_regime("EU").authorities["FR"]
    assert get_regime("EU").at_main_establishment("US-WA") is get_regime("EU")
