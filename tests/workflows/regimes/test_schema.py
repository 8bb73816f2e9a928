"""A rule file is understood whole or refused, with the line at fault."""

import json
from textwrap import dedent

import pytest

from workflows.regimes.registry import SHIPPED, all_regimes
from workflows.regimes.rules.elements import LocalizedText
from workflows.regimes.rules.reader import Document, RuleFileError
from workflows.regimes.rules.regime import Regime, UnknownClockError, parse_regime

SMALL = dedent(
    """\
    code = "X"
    version = "1"
    name = { zh = "甲", en = "X" }
    default_place = "DE"
    lead = "response"

    [places.DE]
    zone = "Europe/Berlin"

    [citations.law]
    zh = "某法"
    en = "Some Act s. 1"
    confirmed = "memory"

    [clocks.response]
    name = { zh = "答复", en = "Answer" }
    text = { zh = "十日", en = "Ten days." }
    unit = "days"
    amount = 10
    cite = ["law"]

    [filers.self]
    conditions = { zh = "本人", en = "The person." }
    cite = ["law"]

    [items.delete]
    assurance = "contact"
    cite = ["law"]

    [fee]
    free = true
    text = { zh = "免费", en = "Free." }
    cite = ["law"]

    [court]
    text = { zh = "法院", en = "Court." }
    cite = ["law"]

    [authorities.DE]
    name = { zh = "机关", en = "Authority" }
    link = "https://example.org/"
    confirmed = "memory"

    [[records]]
    code = "log"
    text = { zh = "记录", en = "Log." }
    months = 24
    from_event = "answered"
    cite = ["law"]
    """
)


def parse(text: str) -> Regime:
    return parse_regime(Document.parse("X.toml", text))


def line_of(fragment: str, text: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if fragment in line)


def test_a_small_file_is_read():
    regime = parse(SMALL)

    assert regime.clock("response").rule.amount == 10
    assert regime.clock("response").kind == "response"
    assert regime.item("delete").clock == "response"
    assert regime.item("delete").filers == ("self",)
    assert regime.item("copy") is None
    assert regime.acknowledge == regime.complaint == regime.complaint_acknowledge == ""
    assert regime.records[0].months == 24
    with pytest.raises(UnknownClockError):
        regime.clock("seance")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("", LocalizedText(zh="", en="")),
        (
            'address = "Hauptstraße 1, Bonn"',
            LocalizedText(zh="Hauptstraße 1, Bonn", en="Hauptstraße 1, Bonn"),
        ),
        ('address = { zh = "北京", en = "Beijing" }', LocalizedText(zh="北京", en="Beijing")),
    ],
)
def test_an_address_is_left_out_or_one_for_all_or_one_in_each_language(line, address):
    link = 'link = "https://example.org/"'

    assert parse(SMALL.replace(link, f"{line}\n{link}")).authorities["DE"].address == address


@pytest.mark.parametrize(
    ("old", "new", "message", "at"),
    [
        (
            'link = "https',
            'address = { zh = "北京" }\nlink = "https',
            "lacks the key 'en'",
            "address",
        ),
        ("amount = 10", "amount = ten", "not valid TOML", "amount"),
        ("amount = 10", 'amount = "10"', "must be a whole number", "amount"),
        ("amount = 10", "amount = true", "must be a whole number", "amount"),
        ("amount = 10", "amount = -1", "from 0 to 1200", "amount"),
        ("amount = 10", "amuont = 10", "not a known key", "amuont"),
        ('unit = "days"', 'unit = "weeks"', "'weeks' is not one of", "unit"),
        ('unit = "days"\n', "", "lacks the key 'unit'", "[clocks.response]"),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Atlantis"', "not a time zone", "zone"),
        (
            'zone = "Europe/Berlin"',
            'zone = "Europe/Berlin"\ncalendar = "ZZ"',
            "no calendar",
            "calendar",
        ),
        (
            "free = true",
            'free = true\nchargeable = ["copy"]',
            "belongs together with chargeable",
            "[fee]",
        ),
        (
            "free = true",
            'free = true\nchargeable = ["copy"]\ncurrency = "Euro"',
            "not an ISO 4217 code",
            "currency",
        ),
        (
            "amount = 10",
            'amount = 10\npromise = { unit = "months", amount = 1, since = "2026-01-01" }',
            "'months' is not one of days, working_days",
            "promise",
        ),
        (
            "amount = 10",
            'amount = 10\npromise = { unit = "days", amount = 1, since = "soon" }',
            "must be a day such as",
            "promise",
        ),
        (
            "amount = 10",
            'amount = 10\npromise = { unit = "days", amount = 0, since = "2026-01-01" }',
            "must be at least 1",
            "promise",
        ),
        ('lead = "response"', 'lead = "answer"', "'answer' is not one of response", "lead"),
        ('lead = "response"\n', "", "lacks the key 'lead'", "code"),
        ('version = "1"', 'version = ""', "must not be empty", "version"),
        ('version = "1"', 'version = "1"\nverzion = "2"', "not a known key", "verzion"),
        ("[items.delete]", "[items.levitate]", "'levitate' is not one of", "[items.levitate]"),
        ('assurance = "contact"', 'assurance = "a lot"', "'a lot' is not one of", "assurance"),
        (', en = "Answer" }', " }", "lacks the key 'en'", 'name = { zh = "答复"'),
        ("free = true", 'free = "yes"', "must be true or false", "free"),
        ('link = "https:', 'link = "http:', "must begin with https://", "link"),
        ('default_place = "DE"', 'default_place = "FR"', "'FR' is not among the places", "default_place"),
        ('from_event = "answered"', 'from_event = "sneezed"', "is not one of", "from_event"),
        ("[[records]]", "[records]", "must be a list", "[records]"),
        ('confirmed = "memory"\n\n[clocks', 'confirmed = "found"\n\n[clocks', "must be named", "[citations.law]"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_with_its_line(old, new, message, at):
    text = SMALL.replace(old, new, 1)
    assert text != SMALL

    with pytest.raises(RuleFileError, match=message) as error:
        parse(text)

    assert error.value.line == line_of(at, text)
    assert str(error.value).startswith(f"X.toml:{error.value.line}: ")


@pytest.mark.parametrize(
    ("cite", "message"),
    [
        ("[]", "at least one citation"),
        ('["rumour"]', "'rumour' is not one of law"),
        ('["law", "law"]', "twice"),
        ("[1]", "list of strings"),
    ],
)
def test_a_rule_without_a_good_citation_is_refused(cite, message):
    text = SMALL.replace(
        'assurance = "contact"\ncite = ["law"]', f'assurance = "contact"\ncite = {cite}'
    )

    with pytest.raises(RuleFileError, match=message) as error:
        parse(text)

    assert error.value.line == line_of('assurance = "contact"', text) + 1


def test_the_line_is_found_in_the_second_of_two_records():
    second = SMALL[SMALL.index("[[records]]") :].replace("24", "2400")

    with pytest.raises(RuleFileError) as error:
        parse(SMALL + second)

    assert error.value.line == line_of("2400", SMALL + second)
    assert error.value.key == "records.1.months"


class TestExtension:
    LONGER = dedent(
        """
        [clocks.longer]
        name = { zh = "延长", en = "Extended" }
        text = { zh = "三十日", en = "Thirty days." }
        unit = "days"
        amount = 30
        cite = ["law"]
        """
    )
    TEXT = SMALL.replace("amount = 10", 'amount = 10\nextension = "longer"') + LONGER

    def test_the_amount_comes_from_the_clock_it_names(self):
        assert parse(self.TEXT).clock("response").rule.extension.amount == 30

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("amount = 30", "amount = 10", "larger amount"),
            ("amount = 30\n", "", "larger amount"),
            ("amount = 30", "amount = 30\nroll = true", "counted like this clock"),
        ],
    )
    def test_the_two_clocks_must_differ_in_length_alone(self, old, new, message):
        with pytest.raises(RuleFileError, match=message) as error:
            parse(self.TEXT.replace(old, new))

        assert error.value.line == line_of("extension", self.TEXT)


class TestPlaces:
    REGIME = parse_regime(Document.parse("EU.toml", (SHIPPED / "EU.toml").read_text()))

    def test_a_part_keeps_the_zone_of_its_country_and_has_its_own_calendar(self):
        place = self.REGIME.place("DE-BY")

        assert (place.zone, place.calendar) == ("Europe/Berlin", "DE-BY")

    def test_a_part_without_a_calendar_uses_that_of_the_country(self):
        assert self.REGIME.place("FR-75").calendar == "FR"

    def test_a_part_may_have_its_own_zone(self):
        assert self.REGIME.place("ES-CN").zone == "Atlantic/Canary"

    def test_an_unknown_place_gets_the_default(self):
        assert self.REGIME.place("XX") == self.REGIME.places["EU"]
        assert not self.REGIME.covers("XX")

    def test_the_authority_is_the_nearest(self):
        names = [self.REGIME.authority_for(code).name.en for code in ("DE-BE", "FR-75", "XX")]

        assert names[0].startswith("Berliner")
        assert names[1].startswith("Commission nationale")
        assert names[2].startswith("European Data Protection Board")


class TestSnapshot:
    @pytest.mark.parametrize("regime", all_regimes(), ids=lambda regime: regime.code)
    def test_a_regime_comes_back_from_json(self, regime):
        assert Regime.from_snapshot(json.loads(json.dumps(regime.snapshot()))) == regime

    def test_a_snapshot_for_one_place_says_the_same_of_that_place(self):
        regime = TestPlaces.REGIME

        near = Regime.from_snapshot(regime.snapshot("DE-BY"))

        assert near.place("DE-BY") == regime.place("DE-BY")
        assert near.authority_for("DE-BY") == regime.authority_for("DE-BY")
        assert near.clocks == regime.clocks
        assert len(near.authorities) == 3

    def test_anything_else_is_refused(self):
        with pytest.raises(RuleFileError, match="not a snapshot"):
            Regime.from_snapshot({"format": 2, "regime": {}})

    def test_a_restored_rule_reckons_the_same(self):
        regime = TestPlaces.REGIME
        restored = Regime.from_snapshot(regime.snapshot())

        for kind, clock in regime.clocks.items():
            assert restored.clock(kind).rule == clock.rule


def test_a_text_is_chinese_for_chinese_codes_and_english_for_all_others():
    text = LocalizedText(zh="期限", en="time limit")

    assert [text.in_language(code) for code in ("zh-hans", "zh-TW", "en", "fr")] == [
        "期限",
        "期限",
        "time limit",
        "time limit",
    ]


def test_a_text_may_stand_in_further_languages_and_is_english_where_it_does_not():
    text = LocalizedText(zh="期限", en="time limit", others={"de": "Frist", "pt-br": "prazo"})

    assert [text.in_language(code) for code in ("de-at", "pt-BR", "pt", "zh-hans")] == [
        "Frist",
        "prazo",
        "time limit",
        "期限",
    ]


def test_texts_and_citations_in_further_languages_are_read_and_go_with_a_case():
    german = SMALL.replace('en = "Free." }', 'en = "Free.", de = "Kostenlos." }').replace(
        'en = "Some Act s. 1"', 'en = "Some Act s. 1"\nde = "§ 1 des Gesetzes"'
    )

    regime = Regime.from_snapshot(parse(german).snapshot())

    assert regime.fee.text.in_language("de") == "Kostenlos."
    assert regime.fee.citations[0].in_language("de") == "§ 1 des Gesetzes"
    with pytest.raises(RuleFileError, match="german: is not a known key"):
        parse(SMALL.replace('en = "Free." }', 'en = "Free.", german = "Kostenlos." }'))
