"""A new kind of item is its definition, one body of law and, at most, texts: nothing else is touched.

Each test adds one in a copy of the code and takes a request of it through its life there.
"""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack

DEFINITIONS = Path("workflows/vocabulary/item_kinds.py")
LAWS = [Path(f"workflows/regimes/{code}.toml") for code in ("CN", "EU", "UK", "US-CA")]
NOTICE_KINDS = Path("workflows/vocabulary/notices.py")
NOTICE_DEFINITIONS = Path("workflows/notices/kinds.py")
TEXTS = Path("workflows/notices/texts")

DEFINITION = """
    UNRANK = ItemKindDefinition(
        code="unrank",
        label=_("Stop the ranking of a person"),
        wish=Wish.OUT_OF_TRAINING,
        form_position=95,
        explanation=_("You no longer want to be ranked among others."),
        statement_hint=_("Where did you see the ranking?"),
        outcomes=(Outcome.PROCESSING_STOPPED,),
        notice="objection_answer",
        california_type="limit",
    )
"""
RULE = """
[items.unrank]
assurance = "contact"
cite = ["%(citation)s"]
"""


def insert_rule(copy, more=""):
    """Write the rule into each law that knows every kind, under one of its citations."""
    for law in LAWS:
        (citation, *_others) = re.findall(
            r"^\[citations\.(\w+)\]", law.read_text("utf-8"), re.MULTILINE
        )
        copy.insert(law, (RULE + more) % {"citation": citation})


def test_a_definition_and_a_law_are_enough(copy):
    copy.insert(DEFINITIONS, DEFINITION, before="\n    def __new__(")
    insert_rule(copy)

    said = copy.journey("journey_of_an_item_kind", "unrank")

    assert said["state"] == "answered"
    assert said["said"] == "The ranking of my posts."
    assert "1. Stop the ranking of a person" in said["answer"]
    assert "Processing stopped, not deleted" in said["answer"]
    assert said["api"] == {"kind": "unrank", "outcome": "processing_stopped"}
    assert said["logged"] == [{"item": 1, "kind": "unrank", "outcome": "processing_stopped"}]
    assert said["california"] == [0, 0, 0, 0, 1, 0]
    assert said["texts"] == ["answer", "objection_answer"]


def test_a_page_of_its_own_and_a_notice_of_its_own_are_definitions_and_texts(copy):
    page = """page=QuestionPage(
            title=_("How were you ranked?"),
            questions=(
                Question(detail="statement", label=_("Where?"), required=_("Write where.")),
            ),
            row=_("Ranking %(number)s"),
            add=_("Add another ranking"),
            remove=_("Remove ranking %(number)s"),
        )"""
    definition = DEFINITION.replace(
        'statement_hint=_("Where did you see the ranking?")', page
    ).replace("objection_answer", "ranking_answer")
    copy.insert(DEFINITIONS, definition, before="\n    def __new__(")
    insert_rule(
        copy, '\n[notices.ranking_answer]\nelements = ["action_taken"]\ncite = ["%(citation)s"]\n'
    )
    copy.insert(
        NOTICE_KINDS,
        '    RANKING_ANSWER = "ranking_answer", _("Answer: ranking")\n',
        before='    REFUSAL = "refusal"',
    )
    copy.insert(
        NOTICE_DEFINITIONS,
        """    NoticeDefinition(
        kind=NoticeKind.RANKING_ANSWER,
        placeholders=_ITEMS | {"action_taken"},
        facts=(facts.Decided,),
        example_item=(ItemKind.UNRANK, Outcome.PROCESSING_STOPPED),
    ),
""",
        before="    # It binds the notices together",
    )
    for language in ("en", "zh-hans"):
        text = "# Your ranking ({provider})\n\n{items}\n\n[[action_taken]]\n{action_taken}\n"
        copy.write(TEXTS / language / "ranking_answer.txt", text)

    said = copy.journey("journey_of_an_item_kind", "unrank")

    assert "Your ranking (" in said["answer"]
    assert "1. Stop the ranking of a person" in said["answer"]
    assert said["texts"] == ["answer", "ranking_answer"]
