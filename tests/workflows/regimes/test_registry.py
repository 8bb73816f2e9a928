"""Which regimes there are, whose rules win, and which versions are kept."""

import pytest

from workflows.regimes import registry
from workflows.regimes.registry import (
    SHIPPED,
    UnknownRegimeError,
    all_regimes,
    check_rule_files,
    get_regime,
)
from workflows.regimes.rules.reader import RuleFileError


def shipped(code: str) -> str:
    return (SHIPPED / f"{code}.toml").read_text(encoding="utf-8")


def test_the_regimes_that_are_shipped():
    codes = [regime.code for regime in all_regimes()]

    assert {"CN", "EU", "UK", "US-CA"} < set(codes)
    assert codes == sorted(path.stem for path in SHIPPED.glob("*.toml"))


def test_an_unknown_code_or_version_is_refused():
    with pytest.raises(UnknownRegimeError, match="no regime ATLANTIS"):
        get_regime("ATLANTIS")
    with pytest.raises(UnknownRegimeError, match="no regime EU, version 0"):
        get_regime("EU", "0")


def test_the_providers_file_replaces_the_shipped_one_which_stays_by_version(own_folder):
    text = shipped("BR").replace('version = "2026-12-02"', 'version = "ours-1"')
    (own_folder / "BR.toml").write_text(text.replace("amount = 15", "amount = 12"))

    assert get_regime("BR").clock("response").rule.amount == 12
    assert get_regime("BR", "ours-1") == get_regime("BR")
    assert get_regime("BR", "2026-12-02").clock("response").rule.amount == 15


def test_the_provider_can_add_a_regime(own_folder):
    text = shipped("BR").replace('code = "BR"', 'code = "XN"').replace(".BR]", ".NZ]")
    text = text.replace('default_place = "BR"', 'default_place = "NZ"')
    (own_folder / "XN.toml").write_text(text.replace("America/Sao_Paulo", "Pacific/Auckland"))

    assert get_regime("XN").covers("NZ")


def test_older_versions_lie_in_the_archive(own_folder):
    (own_folder / "archive").mkdir()
    old = shipped("BR").replace('version = "2026-12-02"', 'version = "2020-09-18"')
    (own_folder / "archive" / "BR-2020-09-18.toml").write_text(old)

    assert get_regime("BR", "2020-09-18").version == "2020-09-18"
    assert get_regime("BR").version == "2026-12-02"


def test_a_file_named_for_another_code_is_refused(own_folder):
    (own_folder / "BRAZIL.toml").write_text(shipped("BR"))

    with pytest.raises(RuleFileError, match="must be the name of the file, 'BRAZIL'"):
        all_regimes()


@pytest.mark.parametrize(
    ("written", "instead", "key"),
    [
        ('version = "2026-12-02"', 'version = "second of 2026"', "version"),
        ("[grounds.not_the_agent]", '[grounds."not the agent"]', "grounds"),
    ],
)
def test_a_name_that_the_log_would_refuse_is_refused(own_folder, written, instead, key):
    assert written in shipped("BR")
    (own_folder / "BR.toml").write_text(shipped("BR").replace(written, instead))

    with pytest.raises(RuleFileError, match=f"{key}: .* is no code"):
        all_regimes()


def test_a_folder_that_is_not_there_is_refused(settings, own_folder):
    settings.REGIMES_DIR = str(own_folder / "nowhere")

    with pytest.raises(RuleFileError, match="not a folder"):
        all_regimes()


class TestCheckAtStart:
    def test_the_shipped_rules_are_sound(self):
        assert check_rule_files() == []

    def test_a_broken_file_is_named_with_its_line(self, own_folder):
        (own_folder / "BR.toml").write_text(shipped("BR").replace("amount = 15", "amount = -15"))

        (message,) = check_rule_files()

        line = next(n for n, s in enumerate(shipped("BR").splitlines(), 1) if s == "amount = 15")
        assert message.id == "regimes.E001"
        assert f"BR.toml:{line}: clocks.response.amount: " in message.msg

    def test_a_file_that_is_no_text_is_named(self, own_folder):
        (own_folder / "BR.toml").write_bytes(b"\xff\xfe")

        assert "BR.toml:1: cannot be read" in check_rule_files()[0].msg

    @pytest.mark.parametrize(
        ("served", "sentence"),
        [
            (["EU", "US_CA"], "names 'US_CA', and there is no such body of law"),
            ([], "names no body of law"),
            (["EU", "EU"], "names a body of law twice"),
        ],
    )
    def test_a_law_that_is_served_and_not_known_is_named(self, settings, served, sentence):
        settings.PROVIDER_REGIMES = served

        [message] = check_rule_files()

        assert message.id == "regimes.E002"
        assert sentence in message.msg

    def test_what_was_meant_is_guessed(self, settings):
        settings.PROVIDER_REGIMES = ["US_CA"]

        assert "Did you mean US-CA?" in check_rule_files()[0].hint

    def test_django_runs_it(self):
        assert check_rule_files in registry_of_checks()


def registry_of_checks() -> set:
    from django.core.checks.registry import registry as checks

    return checks.registered_checks


def test_forgetting_reads_the_files_again(own_folder):
    first = get_regime("EU")
    assert get_regime("EU") is first
    registry.clear_cache()
    assert get_regime("EU") is not first
    assert get_regime("EU") == first
