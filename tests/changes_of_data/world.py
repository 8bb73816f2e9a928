"""The world of an example: a folder, a table, a register, workers that die, and staff.

An example runs in a transaction of its own that is rolled back, on the real database and through
the real services. What Celery would be sent is done by the rules of the model.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import connection, transaction
from hypothesis import strategies as st

from tests.changes_of_data import corpus
from tests.changes_of_data.corpus import Content, Piece
from tests.factories import WANG, in_review_with_proof
from tests.workflows.corrections.tables import address, drop_table
from workflows.cases.filing_request import FiledIdentifier, FiledItem
from workflows.cases.models import Case
from workflows.corrections import (
    carrying,
    copies,
    manifest_application,
    manifest_builder,
    manifest_verification,
    receipts,
)
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups import scanning
from workflows.lookups.models import Match
from workflows.vocabulary.outcomes import Outcome

TABLE = "changes_of_data"
_DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
# Whose request, and what for.
REQUESTS = {
    ("wang", "delete"): _DELETE,
    ("wang", "correct"): WANG,
    ("li", "delete"): replace(
        _DELETE,
        subject_name="李小红",
        identifiers=(FiledIdentifier("phone", "+86 139 0000 5678"),),
        email="xiaohong.li@example.cn",
    ),
}
# Where a worker may die: before the function is called, or after it has returned.
_DEATHS: dict[str, list[tuple[Any, str]]] = {
    "look": [
        (scanning, "_keep"), (scanning, "_say_what_was_not_kept"), (scanning, "finish_run"),
        (scanning, "_carry_verdicts"), (carrying, "_carry"), (carrying, "append_case_event"),
    ],
    "make": [
        (manifest_builder, "store_manifest"), (manifest_builder, "create_data_key"),
        (manifest_builder, "append_case_event"),
    ],
    "apply": [
        (copies, "apply_entries"), (manifest_application, "write_copy"),
        (manifest_application, "take_receipt"),
    ],
    "receipt": [
        (receipts, "save_snapshot"), (receipts, "advance"), (receipts, "enqueue_task"),
    ],
    "check": [
        (manifest_verification, "read_snapshot"), (manifest_verification, "rescan"),
        (manifest_verification, "_verify"), (manifest_verification, "record_tombstones"),
        (manifest_verification, "mark_superseded"), (manifest_verification, "complete"),
        (manifest_verification, "send_back"), (manifest_verification, "ask_for_manifests"),
    ],
}  # fmt: skip
Death = tuple[Any, str, bool] | None
# What was done by all examples of this process, and how it ended, for each format.
DONE: Counter[tuple[str, str]] = Counter()


class Died(BaseException):
    """The worker died: nothing after this is done."""


def deaths(*steps: str) -> st.SearchStrategy[Death]:
    """Return where a worker may die in a step, if it does."""
    places = [
        (*place, after) for step in steps for place in _DEATHS[step] for after in (False, True)
    ]
    return st.none() | st.none() | st.sampled_from(places)


@contextmanager
def _dying(death: tuple[Any, str, bool]) -> Iterator[None]:
    module, name, after = death
    real = getattr(module, name)

    def last(*args: object, **more: object) -> None:
        if after:
            real(*args, **more)
        raise Died

    with mock.patch.object(module, name, last):
        yield


class World:
    """The data of an example as they lie there, whatever the portal says of them."""

    def __init__(self, ending: str, folder: Path, cases: dict[tuple[str, str], Case]) -> None:
        self.ending, self.folder = ending, folder
        self.alone = False
        self.ids = "own"
        # What a record was at first, by its mark.
        self.kinds: dict[str, int] = {}
        self.contents: dict[int, Content] = {}
        self.written = 0
        self._all_cases = cases
        self._transaction = transaction.atomic()
        # Like that of a test case: durable transactions may begin in it.
        self._transaction._from_testcase = True

    @property
    def is_table(self) -> bool:
        """Whether the data are a table."""
        return self.ending == "table"

    @property
    def is_text(self) -> bool:
        """Whether the data are plain text."""
        return self.ending == "txt"

    def begin(self) -> None:
        """Begin an example, in a transaction that `end` rolls back."""
        self._transaction.__enter__()

    def end(self) -> None:
        """Roll back what the example did, and remove what it left behind."""
        connection.run_on_commit = []
        transaction.set_rollback(True)
        self._transaction.__exit__(None, None, None)
        scanning.clear_pass_cache()
        for left in self.folder.iterdir():
            _remove(left)
        if self.is_table:
            drop_table(TABLE)

    def cases_for(self, kinds: dict[str, str]) -> dict[str, Case]:
        """Return the cases of an example by their people; others are closed in it."""
        chosen = {who: self._all_cases[who, kind] for who, kind in kinds.items()}
        pks = [case.pk for case in chosen.values()]
        Case.objects.exclude(pk__in=pks).update(state="withdrawn")
        return {who: Case.objects.get(pk=case.pk) for who, case in chosen.items()}

    def count(self, what: str) -> None:
        """Count something that was done."""
        DONE[self.ending, what] += 1

    # --- Data -------------------------------------------------------------------------------

    def new(self, kind: int) -> Piece:
        """Return a new record of a kind."""
        number = len(self.kinds)
        mark = f"m{number:02}"
        self.kinds[mark] = kind
        own = {"own": str(number), "shared": str(number // 2), "none": None}[self.ids]
        return Piece(mark, own, corpus.text_of(kind))

    def write(self, content: Content) -> str:
        """Write a version, and return its location."""
        if self.is_table:
            corpus.write_table(TABLE, corpus.pieces(content))
            return f"archive/public.{TABLE}"
        self.written += 1
        name = f"v{self.written}" + (f".{self.ending}" if self.alone else "")
        corpus.write(
            self.folder / name, self.ending, content, alone=self.alone, ids=self.ids != "none"
        )
        return name

    def read(self, snapshot: Snapshot) -> Content:
        """Return what lies at the location of a version now."""
        if self.is_table:
            return {f"public.{TABLE}": corpus.read_table(TABLE)}
        return corpus.read(path_of(snapshot), self.ending)

    def see(self) -> list[Snapshot]:
        """Remember the versions that came since; return them."""
        new = list(Snapshot.objects.exclude(pk__in=self.contents))
        for snapshot in new:
            self.contents[snapshot.pk] = self.read(snapshot)
        return new

    def content(self, snapshot: Snapshot) -> Content:
        """Return what a version held when it was registered."""
        return self.contents[snapshot.pk]

    # --- What is true -----------------------------------------------------------------------

    def meant(self, match: Match) -> set[tuple[str, int | None]]:
        """Return in which record and which part of it a match may stand: mark, number of the part.

        Rows of a table have no place: it is one with this id and text, in any of its versions.
        """
        if self.is_table:
            rows = {
                (row.mark, row.text)
                for content in [*self.contents.values(), self.read(match.snapshot)]
                for row in corpus.pieces(content)
                if str(row.id) == str(match.record) and corpus.digest(row.text) == match.text_sha256
            }
            return {self._part(mark or "", text, match.start, match.end) for mark, text in rows}
        for piece in self.contents[match.snapshot_id][match.file]:
            if self.is_text and piece.place <= match.start < piece.place + len(piece.text):
                place = piece.place
                start, end = match.start - place, match.end - place
                return {self._part(piece.mark or "", piece.text, start, end)}
            if not self.is_text and piece.place == match.position:
                return {self._part(piece.mark or "", piece.text, match.start, match.end)}
        raise AssertionError(f"A match stands nowhere: {match.file} {match.position} {match.start}")

    def _part(self, mark: str, text: str, start: int, end: int) -> tuple[str, int | None]:
        parts = corpus.parts_of(self.kinds[mark], text)
        for number, part in enumerate(parts or ()):
            if part.start <= start and end <= part.end:
                return mark, number
        assert parts is None, f"A match is nobody's words: {text} {start}-{end}"
        return mark, None

    def is_theirs(self, who: str, match: Match) -> bool | None:
        """Return whether a match is about somebody; None where nothing tells."""
        verdicts = {self._whose(mark, number) == who for mark, number in self.meant(match)}
        return verdicts.pop() if len(verdicts) == 1 else None

    def _whose(self, mark: str, number: int | None) -> str:
        if number is None:
            return ""
        parts = corpus.parts_of(self.kinds[mark], corpus.text_of(self.kinds[mark]))
        assert parts is not None
        return parts[number].who

    # --- Workers ----------------------------------------------------------------------------

    def take(self, step: Callable[[], object], death: Death) -> None:
        """Take a step; when the worker dies in it, another takes it once more."""
        if death is None:
            step()
            return
        try:
            with _dying(death):
                step()
        except Died:
            DONE["", f"died at {death[1]}"] += 1
            scanning.clear_pass_cache()
            step()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def prepared(
    monkeypatch: pytest.MonkeyPatch, folder: Path, ending: str
) -> Iterator[Callable[[], World]]:
    """Prepare what all examples share, and yield what makes the world of one."""
    data = folder / "datasets"
    data.mkdir()
    monkeypatch.setattr(settings, "DATASETS_DIRS", [data])
    monkeypatch.setattr(settings, "DATASET_DATABASES", {"archive": address()})
    monkeypatch.setattr("celery.current_app.send_task", lambda *_args, **_more: None)
    cases = {who: in_review_with_proof(request) for who, request in REQUESTS.items()}
    yield lambda: World(ending, data, cases)


OUTCOMES = {
    "wang": (Outcome.DELETED, Outcome.ANONYMISED, Outcome.CORRECTED),
    "li": (Outcome.DELETED, Outcome.ANONYMISED),
}
