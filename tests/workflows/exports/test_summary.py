"""The summary counts the rows of the same export, by the rules of the statistics page."""

import io
from datetime import timedelta

import pypdf
import pytest
from django.utils import timezone

from tests import factories as make
from tests.exports import export, unpack
from workflows.cases.lifecycle import Action, State
from workflows.cases.transition import advance
from workflows.exports import tables as bundle_tables
from workflows.exports.summary import write_summary
from workflows.oversight.selectors import CaseFilter, filter_cases
from workflows.statistics import figures as statistics
from workflows.statistics.counting import is_late
from workflows.statistics.counts import Period
from workflows.statistics.export_statistics import FIGURES, ExportStatistics
from workflows.statistics.yearly import items_of_year


@pytest.fixture
def cases(db):
    late = make.make_case(State.IN_REVIEW)
    clock = late.clocks.get(leads=True)
    facts = {"clock": clock.kind, "regime": "CN", "due_on": str(clock.due_on)}
    advance(late, Action.MARK_LATE, make.SYSTEM, facts=facts)
    clock.state = clock.State.MISSED
    clock.save()
    for state in (
        State.ANSWERED,
        State.CLOSED,
        State.REJECTED_AS_ABUSE,
        State.WITHDRAWN,
        State.FILED,
    ):
        make.make_case(state)
    make.granted()


def text_of(document):
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return "\n".join(page.extract_text() for page in pages)


@pytest.fixture
def tallies(monkeypatch):
    """Return the function that makes an export and gives what its summary was made of."""

    def made(**chosen) -> list[ExportStatistics]:
        found = []

        def write(request, counts, tally):
            found.append(tally)
            return write_summary(request, counts, tally)

        monkeypatch.setattr(bundle_tables, "write_summary", write)
        unpack(export(**chosen))
        return found

    return made


def test_it_counts_as_the_statistics_do(cases, scope, tallies):
    (tally,) = tallies(formats=("pdf",))
    expected = statistics.figures(scope, Period())
    assert {name: tally.figures[name] for name in FIGURES} == {
        name: getattr(expected, name) for name in FIGURES
    }
    assert (tally.mean_days, tally.median_days) == (expected.mean_days, expected.median_days)
    kinds = statistics.by_kind(scope, Period())
    assert dict(tally.kinds) == {kind: figures.received for kind, figures in kinds}
    denials = statistics.denials(scope, Period())
    assert dict(tally.grounds) == {denial.ground: denial.count for denial in denials}
    [(month, figures)] = statistics.by_month(scope, Period())
    assert tally.months[f"{month:%Y-%m}"]["received"] == figures.received


@pytest.mark.parametrize("state", ["running", "paused", "met", "missed", "stopped"])
@pytest.mark.parametrize("seconds", [-1, 60])
def test_one_case_is_late_in_every_figure_or_in_none(scope, tallies, state, seconds):
    """Also in the middle of a day, as where the person lives it may be another one."""
    case = make.make_case(State.IN_REVIEW)
    due_at = timezone.now() + timedelta(seconds=seconds)
    today = timezone.localdate()
    case.clocks.filter(leads=True).update(state=state, due_at=due_at, due_on=today)
    expected = state == "missed" or (state == "running" and seconds < 0)
    everything = Period()

    (tally,) = tallies(formats=("pdf",))
    counted = {
        "rule": is_late(state, due_at, timezone.now()),
        "summary": tally.figures["late"],
        "statistics": statistics.figures(scope, everything).late,
        **{kind: found.late for kind, found in statistics.by_kind(scope, everything)},
        **{f"{month}": found.late for month, found in statistics.by_month(scope, everything)},
        "quarter": sum(found.late for _day, found in statistics.by_quarter("CN", everything)),
        "year": any(item.late for item in items_of_year(scope, case.filed_at.year)),
        "list": filter_cases(scope, CaseFilter(late=True)).count(),
    }

    assert counted == dict.fromkeys(counted, expected)


def test_it_says_what_was_chosen_and_names_nobody(cases):
    reason = 'Complaint *17* #eval("1+1") 投诉 \U0001f600'
    files = unpack(export(formats=("pdf",), identity_reason=reason))
    shown = text_of(files["summary.pdf"])
    assert 'Complaint *17* #eval("1+1") 投诉 [U+1F600]' in shown
    assert "Summary of the export for CN" in shown
    assert "Rejected as abuse" in shown
    assert "王小明" not in shown


def test_it_is_in_the_language_of_the_export(cases):
    english, chinese = (
        unpack(export(formats=("pdf",), language=language))["summary.pdf"]
        for language in ("en", "zh-hans")
    )
    languages = [
        pypdf.PdfReader(io.BytesIO(document)).root_object["/Lang"]
        for document in (english, chinese)
    ]
    assert languages == ["en-US", "zh-CN"]
    assert any("\u4e00" <= symbol <= "\u9fff" for symbol in text_of(chinese))


def test_an_export_without_cases_has_a_summary_too(db):
    shown = text_of(unpack(export("", formats=("pdf",)))["summary.pdf"])
    assert "No case was received" in shown


def filled_shapes(document, colour):
    """Return where the filled shapes of a colour begin, in points from the left, page by page."""
    found = []
    for page in pypdf.PdfReader(io.BytesIO(document)).pages:
        filling = []

        def note(operator, operands, matrix, _text, filling=filling):
            if operator == b"scn":
                filling[:] = [round(float(part), 2) for part in operands]
            elif operator == b"f" and filling == colour:
                found.append(round(float(matrix[4]), 1))

        page.extract_text(visitor_operand_before=note)
    return found


def test_the_bars_of_a_chart_begin_at_one_line(db):
    for _number in range(3):
        make.file()
    for kind in ("delete", "copy"):
        make.file(items=(make.WANG.items[0].__class__(kind, {}),))
    blue = [0.11, 0.31, 0.57]
    bars = filled_shapes(unpack(export(formats=("pdf",)))["summary.pdf"], blue)[-3:]
    assert len(bars) == 3
    assert len(set(bars)) == 1
