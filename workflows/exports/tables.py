"""The first half of an export: its tables, written to a folder while the portal goes on working.

Cases are read a page at a time. The cases of a page are locked while they are read, so that a row,
its steps and its contents are of one moment; the rows of different pages are of different moments.
A case of the regime that is filed after the start is left to the next export.
"""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone

from workflows.accounts.actors import Actor
from workflows.cases.models import Case, Clock, EventContent
from workflows.common import csv_lines
from workflows.exports import rows
from workflows.exports.files import SPREADSHEET, SUMMARY, Format, signed_files
from workflows.exports.spreadsheet import Spreadsheet
from workflows.exports.summary import write_summary
from workflows.ledger.canonical import canonical_json
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Event
from workflows.ledger.sequencer import sequence
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.row_security import ReadTransaction, reading_of
from workflows.oversight.selectors import DisclosedContent, WithheldContent, disclosed_contents
from workflows.statistics.counting import is_late
from workflows.statistics.export_statistics import ExportStatistics

CASES_AT_ONCE = 200
HERE = Path(__file__).parent

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What to export and for whom. `regime` is empty for the whole log of all regimes.

    `language` is that of the rules and their sources in the tables.
    """

    regime: str
    filters: BundleFilters
    actor: Actor
    language: str
    formats: frozenset[Format] = frozenset()

    @property
    def files(self) -> list[str]:
        """Return the files that `write_tables` writes."""
        return signed_files(self.formats)

    @property
    def cases(self) -> QuerySet[Case]:
        """Return the cases in scope as they stand now, in no order."""
        cases = Case.objects.order_by()
        if self.regime:
            cases = cases.filter(regimes__contains=[self.regime])
        return self.filters.narrow(cases, zone_of(self.regime))

    @property
    def reading(self) -> ReadTransaction:
        """Return what gives the transaction in which to read: limited to the regime."""
        return reading_of(self.regime, actor=self.actor.pseudonym)

    @property
    def withhold(self) -> WithheldContent | None:
        """Say which contents are left out: an auditor of the whole log needs none of them."""
        if not self.regime:
            return WithheldContent.WHOLE_LOG
        return None if self.filters.identity_reason else WithheldContent.IDENTITY_DOCUMENT


@dataclass
class TableCounts:
    """What the tables hold.

    `registered` is the highest register number of each regime. `read_from` is the size of the log
    before the first page was read: every step of a case in scope that lies before it is shown.
    """

    registered: dict[str, int]
    read_from: int
    cases: int = 0
    events: int = 0
    openings: int = 0
    closed: dict[str, int] = field(default_factory=dict)


def registered(regime: str) -> dict[str, int]:
    """Return the highest register number given so far, of one regime or of all of them."""
    events = Event.objects.exclude(register=None)
    if regime:
        events = events.filter(register=regime)
    numbers = events.order_by("register").values_list("register")
    return dict(numbers.annotate(highest=Max("register_number")))


def write_tables(request: BundleRequest, folder: Path, advance: Advance) -> TableCounts:
    """Write `request.files` into the empty `folder`; `advance` is told the cases done."""
    # In this order: what has a place before `read_from` has its register number by then.
    read_from, now = sequence().size, timezone.now()
    counts = TableCounts(registered(request.regime), read_from)
    tally = ExportStatistics(zone_of(request.regime))
    _write_fixed_files(folder)
    with ExitStack() as stack:
        jsonl, cells, contents = (
            stack.enter_context((folder / name).open("wb"))
            for name in ("cases.jsonl", "cases.csv", "contents.jsonl")
        )
        spreadsheet = None
        if Format.XLSX in request.formats:
            spreadsheet = stack.enter_context(Spreadsheet(folder / SPREADSHEET, folder))
        cells.write(csv_lines.csv_header(rows.CASE_COLUMNS, bom=Format.BOM in request.formats))
        for page in _pages(request, counts.registered):
            for row, entries, openings, late in _read(request, page, now):
                jsonl.write(canonical_json(row) + b"\n")
                cells.write(csv_lines.csv_line(rows.case_cells(row)))
                if spreadsheet:
                    spreadsheet.add(row, entries)
                for opening in openings:
                    contents.write(canonical_json(_line(row, opening)) + b"\n")
                    _count(counts, opening)
                tally.add(row, late=late)
                counts.cases += 1
                counts.events += row["steps"]
            advance(len(page))
    if Format.PDF in request.formats:
        (folder / SUMMARY).write_bytes(write_summary(request, counts, tally))
    return counts


def file_digests(folder: Path, names: Collection[str]) -> dict[str, str]:
    """Return the hex SHA-256 of each of these files."""
    digests = {}
    for name in names:
        with (folder / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _write_fixed_files(folder: Path) -> None:
    (folder / "keys").mkdir()
    (folder / "keys" / "vkey.txt").write_text(log_vkey() + "\n", encoding="utf-8")
    shutil.copyfile(HERE / "verifier" / "verify.py", folder / "verify.py")
    shutil.copyfile(HERE / "verifier" / "README.txt", folder / "README.txt")


def _pages(request: BundleRequest, numbers: dict[str, int]) -> Iterator[list[UUID]]:
    """Yield the pseudonyms of the cases in scope, in the order in which they were received."""
    received = Event.objects.filter(name="case.received")
    if request.regime:
        order = "register_number"
        received = received.filter(
            register=request.regime, register_number__lte=numbers.get(request.regime, 0)
        )
    else:
        order = "id"
        received = received.filter(step=1)
    if request.filters.narrows:
        received = received.filter(case__in=request.cases.values("pseudonym"))
    last = 0
    while True:
        with request.reading():
            page = list(
                received.filter(**{f"{order}__gt": last})
                .order_by(order)
                .values_list(order, "case")[:CASES_AT_ONCE]
            )
        if not page:
            return
        last = page[-1][0]
        yield [case for _number, case in page if case is not None]


def _read(
    request: BundleRequest, pseudonyms: list[UUID], now: datetime
) -> list[tuple[rows.TableRow, list[rows.EventEntry], list[DisclosedContent], bool]]:
    """Return rows, entries and openings of a page of cases, and whether each is late now.

    Four queries, whatever the page.
    """
    with request.reading():
        found = (
            request.cases.filter(pseudonym__in=pseudonyms)
            .order_by("pk")
            .select_for_update(of=("self",), no_key=True)
        )
        cases = {case.pseudonym: case for case in found.select_related("data_key")}
        by_id = {case.pk: case for case in cases.values()}
        entries: dict[UUID, list[tuple[UUID, rows.EventEntry]]] = defaultdict(list)
        for event in Event.objects.filter(case__in=cases).order_by("case", "step"):
            assert event.case is not None
            entries[event.case].append((event.uid, event.body))
        clocks: dict[UUID, list[Clock]] = defaultdict(list)
        for clock in Clock.objects.filter(case__in=by_id):
            clocks[clock.case_id].append(clock)
        contents: dict[UUID, list[EventContent]] = defaultdict(list)
        for content in EventContent.objects.filter(case__in=by_id):
            # The same object for all, so that its key is unwrapped once.
            content.case = by_id[content.case_id]
            contents[content.case_id].append(content)
        # In the order of the page; a case may have left the scope meanwhile.
        return [
            (
                _row(request, case, [entry for _, entry in entries[pseudonym]], clocks[case.pk]),
                [entry for _, entry in entries[pseudonym]],
                list(
                    disclosed_contents(
                        entries[pseudonym], contents[case.pk], withhold=request.withhold
                    )
                ),
                _is_late(clocks[case.pk], request.regime or case.regime, now),
            )
            for pseudonym in pseudonyms
            if (case := cases.get(pseudonym)) is not None
        ]


def _row(
    request: BundleRequest, case: Case, entries: list[rows.EventEntry], clocks: list[Clock]
) -> rows.TableRow:
    regime = request.regime or case.regime
    return {
        **rows.row_from_log(entries, regime),
        "number": case.number,
        "deadlines": [
            _deadline(case, clock, request.language) for clock in clocks if clock.regime == regime
        ],
    }


def _is_late(clocks: list[Clock], regime: str, now: datetime) -> bool:
    return any(
        clock.leads and clock.regime == regime and is_late(clock.state, clock.due_at, now)
        for clock in clocks
    )


def _deadline(case: Case, clock: Clock, language: str) -> dict[str, Any]:
    """Return one deadline with its rule and where that stands, as the law was at filing."""
    rule = case.regime_of(clock.regime).clock(clock.kind)
    return {
        "clock": clock.kind,
        "name": rule.name.in_language(language),
        "leads": clock.leads,
        "state": clock.state,
        "due_on": clock.due_on.isoformat() if clock.due_on else None,
        "provisional": clock.provisional,
        "stopped_at": clock.stopped_at.isoformat() if clock.stopped_at else None,
        "rule": rule.text.in_language(language),
        "citations": [citation.in_language(language) for citation in rule.rule.citations],
    }


def _line(row: rows.TableRow, opening: DisclosedContent) -> dict[str, Any]:
    """Return a line of `contents.jsonl`."""
    line = {
        "case": row["case"],
        "step": opening.entry["step"],
        "event": opening.entry["name"],
        "name": opening.name,
        "commitment": opening.commitment,
    }
    if opening.closed is not None:
        return {**line, "closed": opening.closed}
    return {**line, "nonce": opening.nonce, "content": opening.content}


def _count(counts: TableCounts, opening: DisclosedContent) -> None:
    if opening.closed is None:
        counts.openings += 1
    else:
        counts.closed[opening.closed] = counts.closed.get(opening.closed, 0) + 1
