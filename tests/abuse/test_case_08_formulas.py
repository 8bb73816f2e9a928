"""Abuse case 8: no cell of a spreadsheet is a formula, whatever somebody has typed."""

import csv
import io

import pytest

from workflows.common.csv_lines import csv_line

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A0", "＝1+1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_cell_of_csv_is_made_harmless(formula):
    [[cell]] = csv.reader(io.StringIO(csv_line([formula]).decode(), newline=""))
    assert cell == f"'{formula}"
