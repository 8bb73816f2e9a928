"""Which rule matches: an empty list is no condition, the lists are ands of ors."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.routing.rules import matches
from workflows.vocabulary.item_kinds import ItemKind

KINDS = st.lists(st.sampled_from(ItemKind.values), unique=True, max_size=4)
REGIMES = st.lists(st.sampled_from(["CN", "EU", "UK", "US-CA"]), unique=True, max_size=3)
LANGUAGES = st.lists(st.sampled_from(["zh-hans", "en"]), unique=True)


@dataclass
class Rule:
    kinds: list[str] = field(default_factory=list)
    regimes: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)


RULES = st.builds(Rule, KINDS, REGIMES, LANGUAGES)
CASES = st.tuples(KINDS.filter(bool), REGIMES.filter(bool), st.sampled_from(["zh-hans", "en"]))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(), True),
        (Rule(kinds=["copy"]), True),
        (Rule(kinds=["ip_claim", "delete"]), True),
        (Rule(kinds=["ip_claim"]), False),
        (Rule(regimes=["EU"]), True),
        (Rule(regimes=["CN"]), False),
        (Rule(languages=["en"]), True),
        (Rule(languages=["zh-hans"]), False),
        (Rule(["copy"], ["EU"], ["en"]), True),
        (Rule(["copy"], ["EU"], ["zh-hans"]), False),
    ],
)
def test_a_request_for_copy_and_deletion_under_eu_law_in_english(rule, expected):
    assert matches(rule, ["copy", "delete"], ["EU"], "en") == expected


@given(CASES)
def test_the_empty_rule_matches_every_case(case):
    assert matches(Rule(), *case)


@given(RULES, CASES)
def test_each_condition_holds_by_itself(rule, case):
    alone = (Rule(kinds=rule.kinds), Rule(regimes=rule.regimes), Rule(languages=rule.languages))

    assert matches(rule, *case) == all(matches(one, *case) for one in alone)


@given(RULES, CASES)
def test_a_condition_matches_when_case_and_list_share_something(rule, case):
    kinds, _regimes, _language = case

    assert matches(Rule(kinds=rule.kinds), *case) == (
        not rule.kinds or any(kind in rule.kinds for kind in kinds)
    )


@given(RULES, CASES, st.sampled_from(ItemKind.values))
def test_a_wider_rule_matches_no_less(rule, case, kind):
    wider = Rule([*rule.kinds, kind], rule.regimes, rule.languages)

    assert not (rule.kinds and matches(rule, *case)) or matches(wider, *case)
