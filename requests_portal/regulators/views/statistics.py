"""What became of the requests, in tables and charts."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from requests_portal import charts
from requests_portal.public.page_errors import page_errors
from requests_portal.regulators.access import regulator_page
from requests_portal.regulators.figures_csv import csv_file
from requests_portal.regulators.forms import PeriodForm
from workflows.accounts.regulators import RegulatorScope
from workflows.oversight.access_log import record_look_at_register
from workflows.statistics.complaint_figures import complaint_figures
from workflows.statistics.counting import ABUSE
from workflows.statistics.figures import (
    Denial,
    Figures,
    Period,
    by_kind,
    by_month,
    denials,
    figures,
)
from workflows.vocabulary.item_kinds import ItemKind

# More would not be told apart in the drawing; the table has them all.
MONTHS_DRAWN = 24


@require_safe
@regulator_page
def statistics(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the figures of a period: in all, by month, by kind, and the grounds of refusals."""
    form = PeriodForm(request.GET)
    record_look_at_register(scope, what="statistics", narrowed_by=form.narrowed_by())
    period = form.period()
    months = by_month(scope, period)
    kinds = [(ItemKind(kind).label, counted) for kind, counted in by_kind(scope, period)]
    drawn = months[-MONTHS_DRAWN:]
    language = get_language() or ""
    context = {
        "form": form,
        "errors": page_errors(form),
        "figures": figures(scope, period),
        "complaints": complaint_figures(scope, period),
        "months": months,
        "kinds": kinds,
        "month_chart": charts.columns(
            [f"{month:%Y-%m}" for month, _counted in drawn],
            [
                [counted.received for _month, counted in drawn],
                [counted.answered for _month, counted in drawn],
            ],
        ),
        "kind_chart": charts.rows(
            [str(label) for label, _counted in kinds],
            [counted.received for _label, counted in kinds],
        ),
        "denials": [(_ground(each, language), each.count) for each in denials(scope, period)],
        "query": request.GET.urlencode() if form.is_valid() else "",
        "here": "statistics",
    }
    return render(request, "regulators/statistics.html", context)


Rows = Callable[[RegulatorScope, Period], Iterable[tuple[Any, Figures]]]
_FIGURES = tuple(field.name for field in fields(Figures))


@require_safe
@regulator_page
def statistics_csv(request: HttpRequest, scope: RegulatorScope, code: str) -> HttpResponse:
    """Give one of the tables as a file, for the days in the address."""
    form = PeriodForm(request.GET)
    tables: dict[str, tuple[str, Rows]] = {"months": ("month", _months), "kinds": ("kind", by_kind)}
    if not form.is_valid() or code not in {*tables, "denials"}:
        raise Http404
    record_look_at_register(scope, what="statistics", narrowed_by=form.narrowed_by())
    name, period = f"{scope.regime}-{code}", form.period()
    if code == "denials":
        language = get_language() or ""
        rows = [[d.ground, _ground(d, language), d.count] for d in denials(scope, period)]
        return csv_file(name, ["ground", "name", "items"], rows)
    head, read = tables[code]
    return csv_file(
        name,
        [head, *_FIGURES],
        [[key, *(getattr(counted, f) for f in _FIGURES)] for key, counted in read(scope, period)],
    )


def _months(scope: RegulatorScope, period: Period) -> Iterable[tuple[str, Figures]]:
    return [(f"{month:%Y-%m}", counted) for month, counted in by_month(scope, period)]


def _ground(denial: Denial, language: str) -> str:
    if denial.ground == ABUSE:
        return _("Rejected as abuse")
    text: str = denial.text.in_language(language) if denial.text else denial.ground
    return text
