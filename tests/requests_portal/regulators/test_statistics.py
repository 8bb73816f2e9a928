"""What became of the requests, in tables and in charts that need no script."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import pytest

from requests_portal.presentation import charts
from tests.complaints import complain_in
from tests.factories import ERIKA, WANG, granted, make_case
from tests.personas import make_regulator
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.complaints.lifecycle import State as ComplaintState

PAGE = "/en/regulators/statistics/"


def day_of(case: Case) -> date:
    """The day of filing as the law of the case counts it: not always that of Greenwich."""
    return case.lead_regime.day_at(case.filed_at)


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


def csv_rows(client, address, **query):
    response = client.get(address, query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_each_table_is_a_file_as_well(china):
    case = make_case(State.ANSWERED)
    make_case(State.ANSWERED, ERIKA)
    page = china.get(PAGE, {"since": "2001-01-01"}).content.decode()
    for code, first in (("months", "month"), ("kinds", "kind"), ("denials", "ground")):
        assert f"{PAGE}{code}.csv?since=2001-01-01" in page
        [row] = csv_rows(china, f"{PAGE}{code}.csv", since="2001-01-01")
        assert row[first] in {f"{day_of(case):%Y-%m}", "correct", case.items.get().ground}
        assert csv_rows(china, f"{PAGE}{code}.csv", until="2001-01-01") == []
    assert csv_rows(china, f"{PAGE}kinds.csv")[0]["denied"] == "1"
    assert china.get(f"{PAGE}passwords.csv").status_code == 404


# --- Of a year ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "request_", "rows"),
    [
        ("CN", WANG, ["Correct something wrong", "quarter", "Myself", "In all"]),
        (
            "US-CA",
            replace(WANG, residence="US-CA"),
            ["Requests to delete", "Requests to know", "Could not be verified"],
        ),
        ("EU", ERIKA, ["Get a copy", "Delete information"]),
    ],
)
def test_the_year_is_told_in_the_layout_of_the_law(regime, request_, rows, sign_in, db):
    case = make_case(State.ANSWERED, request_)
    client = sign_in(make_regulator("officer", regime).user)
    page = client.get(f"{PAGE}yearly/", {"year": day_of(case).year}).content.decode()
    for row in rows:
        assert row in page, row
    assert "<svg" in page
    for address in re.findall(r'href="([^"]+\.csv)"', page):
        found = csv_rows(client, address)
        assert found, address
        assert "name" in found[0]


def test_another_year_and_a_faulty_one(china):
    make_case(State.FILED)
    page = china.get(f"{PAGE}yearly/", {"year": "2001"}).content.decode()
    assert "Figures of 2001" in page
    assert "<svg" not in page
    page = china.get(f"{PAGE}yearly/", {"year": "soon"}).content.decode()
    assert "Enter a year like 2026." in page
    assert china.get(f"{PAGE}yearly/1/right.csv").status_code == 404
    assert china.get(f"{PAGE}yearly/2026/california_type.csv").status_code == 404


def test_a_year_costs_the_same_whatever_the_number_of_cases(china, django_assert_max_num_queries):
    for _number in range(4):
        make_case(State.ANSWERED)
    china.get(f"{PAGE}yearly/")
    with django_assert_max_num_queries(20):
        china.get(f"{PAGE}yearly/")
