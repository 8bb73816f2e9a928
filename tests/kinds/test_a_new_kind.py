"""A new kind of item is its definition, one body of law and, at most, texts: nothing else is touched.

Each test adds one in a copy of the code and takes a request of it through its life there.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from requests_portal.local.folders import PROJECT
from tests.prepared import migrated_database, with_database

pytestmark = pytest.mark.stack

DATABASE = f"new_kind_{os.getpid()}"
DEFINITIONS = Path("workflows/vocabulary/item_kinds.py")
LAW = Path("workflows/regimes/EU.toml")
NOTICE_KINDS = Path("workflows/vocabulary/notices.py")
NOTICE_DEFINITIONS = Path("workflows/notices/kinds.py")
TEXTS = Path("workflows/notices/texts")

DEFINITION = """
    UNRANK = ItemKindDefinition(
        code="unrank",
        label=_("Stop the ranking of a person"),
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
cite = ["art_21"]
"""


class Copy:
    """A copy of the code, and a database that was migrated by the code as it is."""

    def __init__(self, folder: Path, urls: dict[str, str]) -> None:
        self.folder, self.urls = folder, urls
        for name in ("workflows", "requests_portal", "templates", "locale"):
            shutil.copytree(
                PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        (folder / "tests/kinds").mkdir(parents=True)
        for name in ("factories.py", "kinds/journey.py"):
            shutil.copy(PROJECT / "tests" / name, folder / "tests" / name)

    def insert(self, file: Path, text: str, before: str = "") -> None:
        """Write a text into a file, before the only place with some words or at its end."""
        content = (self.folder / file).read_text(encoding="utf-8")
        assert not before or content.count(before) == 1
        start, end = content.split(before) if before else (content, "")
        (self.folder / file).write_text(f"{start}{text}{before}{end}", encoding="utf-8")

    def journey(self, kind: str) -> subprocess.CompletedProcess[str]:
        """Have a request of this kind filed, decided and answered by the code of the copy."""
        return subprocess.run(
            [sys.executable, "-m", "tests.kinds.journey", kind],
            cwd=self.folder,
            env=os.environ | self.urls | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def copy(tmp_path: Path, django_db_modify_db_settings: None) -> Iterator[Copy]:
    """A copy with a database of its own, which is dropped afterwards."""
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    name = sql.Identifier(DATABASE)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
    with psycopg.connect(with_database(owner, "postgres"), autocommit=True) as server:
        template = sql.Identifier(migrated_database(owner))
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        urls = {
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], DATABASE),
            "DATABASE_OWNER_URL": with_database(owner, DATABASE),
        }
        try:
            yield Copy(tmp_path, urls)
        finally:
            server.execute(drop)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return what came out of a journey."""
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_definition_and_a_law_are_enough(copy):
    copy.insert(DEFINITIONS, DEFINITION, before="\n    def __new__(")
    copy.insert(LAW, RULE)

    said = told(copy.journey("unrank"))

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
    copy.insert(LAW, RULE + '\n[notices.ranking_answer]\nelements = ["action_taken"]\n')
    copy.insert(LAW, 'cite = ["art_21"]\n')
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
        (copy.folder / TEXTS / language / "ranking_answer.txt").write_text(text, encoding="utf-8")

    said = told(copy.journey("unrank"))

    assert "Your ranking (" in said["answer"]
    assert "1. Stop the ranking of a person" in said["answer"]
    assert said["texts"] == ["answer", "ranking_answer"]
