"""Settings from the environment: a wrong value stops the start and says why."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from requests_portal.environment import (
    env_bool,
    env_choice,
    env_choices,
    env_int,
    env_list,
    env_str,
    env_token,
)


@pytest.fixture
def given(monkeypatch):
    """Return a function that sets the variable NAME, or others."""

    def give(value: str, name: str = "NAME") -> None:
        monkeypatch.setenv(name, value)

    monkeypatch.delenv("NAME", raising=False)
    monkeypatch.delenv("NAME_FILE", raising=False)
    return give


def test_without_a_value_the_default_holds(given):
    assert env_str("NAME", "a") == "a"
    assert env_bool("NAME", default=True)
    assert env_int("NAME", 7) == 7
    assert env_list("NAME", ["a"]) == ["a"]
    assert env_choice("NAME", "a", ["a", "b"]) == "a"
    assert env_choices("NAME", ["b", "a"], ["a", "b"], needed="a") == ["b", "a"]


def test_a_secret_is_read_from_a_file_that_is_mounted(given, tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")
    given(str(tmp_path / "secret"), "NAME_FILE")
    assert env_str("NAME") == "s3cret"

    given("another")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env_str("NAME")


def test_a_token_that_could_be_guessed_is_refused(given):
    assert env_token("NAME") == ""
    given("a" * 22)
    assert env_token("NAME") == "a" * 22
    given("a" * 21)
    with pytest.raises(ImproperlyConfigured, match="NAME must have 22"):
        env_token("NAME")


def test_a_list_may_stand_in_a_file_too(given, tmp_path):
    (tmp_path / "keys").write_text("one,two\n")
    given(str(tmp_path / "keys"), "NAME_FILE")
    assert env_list("NAME", []) == ["one", "two"]


def test_a_file_that_cannot_be_read_is_named(given, tmp_path):
    given(str(tmp_path / "missing"), "NAME_FILE")
    with pytest.raises(ImproperlyConfigured, match=r"NAME_FILE: cannot read .*missing"):
        env_str("NAME")


@pytest.mark.parametrize(
    ("value", "meant"), [("yes", True), ("TRUE", True), ("1", True), ("no", False), ("", False)]
)
def test_yes_and_no_have_several_spellings(given, value, meant):
    given(value)
    assert env_bool("NAME", default=not meant) is meant


def test_a_list_has_no_empty_entries(given):
    given(" CN, EU,,")
    assert env_list("NAME", []) == ["CN", "EU"]


def test_some_choices_stand_in_the_order_in_which_they_are_named(given):
    given("c, a, c")
    assert env_choices("NAME", ["a"], ["a", "b", "c"], needed="a") == ["c", "a"]


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (lambda: env_bool("NAME", default=True), "perhaps", "NAME must be yes or no"),
        (lambda: env_int("NAME", 1), "ten", "NAME must be a whole number"),
        (lambda: env_int("NAME", 1, minimum=1), "0", "NAME must be at least 1, not 0"),
        (lambda: env_choice("NAME", "en", ["en", "zh-hans"]), "fr", "one of en, zh-hans, not 'fr'"),
        (lambda: env_choices("NAME", [], ["a", "b"], needed="a"), "a,c", "may name a, b, not 'c'"),
        (lambda: env_choices("NAME", [], ["a", "b"], needed="a"), "b", "must name 'a' too"),
    ],
)
def test_a_wrong_value_stops_the_start_and_says_why(given, read, value, said):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=said):
        read()
