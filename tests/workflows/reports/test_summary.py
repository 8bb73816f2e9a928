"""The summary counts the rows of the same export, by the rules of the statistics page."""

import io
import json

import pypdf
import pytest
from django.utils import timezone

from tests import factories as make
from tests.workflows.reports.conftest import export, unpack
from workflows.cases.lifecycle import Action, State
from workflows.cases.transition import advance
from workflows.oversight.filters import zone_of
from workflows.statistics import figures as statistics
from workflows.statistics.figures import Period
from workflows.statistics.tally import FIGURES, ExportStatistics


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


def test_it_counts_as_the_statistics_do(cases, scope):
    tally = ExportStatistics(zone_of("CN"), timezone.now())
    for line in unpack(export())["cases.jsonl"].splitlines():
        tally.add(json.loads(line))
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
