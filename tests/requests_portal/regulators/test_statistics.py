"""What became of the requests, in tables and in charts that need no script."""

import re
import xml.etree.ElementTree as ET

import pytest

from requests_portal import charts
from tests.complaints import complain_in
from tests.factories import ERIKA, granted, make_case
from workflows.cases.lifecycle import State
from workflows.complaints.lifecycle import State as ComplaintState

PAGE = "/en/regulators/statistics/"


def test_figures_and_denials_are_those_of_the_regime(china):
    make_case(State.ANSWERED)
    make_case(State.FILED)
    make_case(State.ANSWERED, ERIKA)
    page = china.get(PAGE).content.decode()
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))
    assert figures["Requests received"] == "2"
    assert figures["Denied"] == "1"
    assert figures["Open"] == "1"
    assert "Denied, by ground" in page


def test_complaints_have_figures_of_their_own(china):
    assert "No complaint was received in this period." in china.get(PAGE).content.decode()
    complain_in(ComplaintState.ANSWERED, residence="CN")
    page = china.get(PAGE).content.decode()
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))
    assert (figures["Complaints received"], figures["Upheld"]) == ("1", "1")
    assert figures["Median days to the outcome"] == "0.0"


def test_there_is_a_chart_and_the_table_beneath_it(china):
    granted()
    page = china.get(PAGE).content.decode()
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 2
    for drawing in drawings:
        tree = ET.fromstring(drawing.replace("&#160;", " "))
        assert tree.find("title").text
        assert page.index("<table", page.index(drawing)) > page.index(drawing)


def test_days_narrow_the_figures(china):
    make_case(State.FILED)
    page = china.get(PAGE, {"until": "2001-01-01"}).content.decode()
    assert "No case was received in this period." in page
    assert "<svg" not in page


@pytest.mark.parametrize("count", [0, 1, 3, 24])
def test_bars_stay_inside_the_drawing_and_in_proportion(count):
    labels = [str(number) for number in range(count)]
    figures = list(range(count))
    for chart in (charts.columns(labels, [figures, figures]), charts.rows(labels, figures)):
        bars = [bar for group in chart.groups for bar in group.bars]
        for bar in bars:
            assert 0 <= bar.x <= bar.x + bar.width <= chart.width
            assert 0 <= bar.y <= bar.y + bar.height <= chart.height
    tall = charts.columns(["a", "b"], [[10, 5]])
    assert tall.groups[0].bars[0].height == pytest.approx(
        2 * tall.groups[1].bars[0].height, abs=0.2
    )
    assert tall.highest == 10
