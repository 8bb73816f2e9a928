"""What became of the requests: statistics and yearly figures, in tables and charts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from requests_portal.presentation import charts
from requests_portal.presentation.deadlines import citation_text
from requests_portal.presentation.responses import csv_file, page_errors
from requests_portal.regulators.access import regulator_page
from requests_portal.regulators.forms import PeriodForm, YearForm
from requests_portal.regulators.views.overview import RULE as EXPLANATION
from workflows.accounts.regulators import RegulatorScope
from workflows.oversight.access_log import record_look_at_register
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import get_regime
from workflows.statistics.complaint_figures import complaint_figures
from workflows.statistics.counting import ABUSE
from workflows.statistics.counts import Period
from workflows.statistics.figures import Denial, Figures, by_kind, by_month, denials, report
from workflows.statistics.yearly import TOTAL, YearlyTable, tables_of_year
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import RequesterRole

# More would not be told apart in the drawing; the table has them all.
MONTHS_DRAWN = 24


TITLES = {
    "right": gettext_lazy("By right"),
    "quarter": gettext_lazy("By quarter of receipt"),
    "requester": gettext_lazy("By who filed"),
    "ground": gettext_lazy("Denied, by ground"),
    "california_type": gettext_lazy("By type of request (11 CCR § 7102)"),
    "california_reason": gettext_lazy("Denied, by reason"),
}
COLUMNS = {
    "received": gettext_lazy("Received"),
    "granted": gettext_lazy("Complied with"),
    "refused": gettext_lazy("Denied"),
    "nothing_held": gettext_lazy("Nothing held"),
    "ended": gettext_lazy("Ended without an answer"),
    "open": gettext_lazy("Open"),
    "late": gettext_lazy("Late"),
    "median_days": gettext_lazy("Median days"),
    "mean_days": gettext_lazy("Mean days"),
}
LINES = {
    TOTAL: gettext_lazy("In all"),
    "delete": gettext_lazy("Requests to delete"),
    "correct": gettext_lazy("Requests to correct"),
    "know": gettext_lazy("Requests to know"),
    "opt_out": gettext_lazy("Requests to opt out of sale or sharing"),
    "limit": gettext_lazy("Requests to limit"),
    "automated_decisions": gettext_lazy("Requests about automated decisions"),
    "not_verifiable": gettext_lazy("Could not be verified"),
    "not_by_consumer": gettext_lazy("Not made by the consumer or an authorised agent"),
    "exempt": gettext_lazy("Asked for what is exempt"),
    ABUSE: gettext_lazy("Rejected as abuse"),
    "other": gettext_lazy("Other grounds"),
}


@require_safe
@regulator_page
def statistics(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the figures of a period: in all, by month, by kind, and the grounds of refusals."""
    form = PeriodForm(request.GET)
    record_look_at_register(scope, what="statistics", narrowed_by=form.narrowed_by())
    period = form.period()
    counted_in = report(scope, period)
    kinds = [(ItemKind(kind).label, counted) for kind, counted in counted_in.kinds]
    drawn = counted_in.months[-MONTHS_DRAWN:]
    language = get_language() or ""
    context = {
        "form": form,
        "errors": page_errors(form),
        "figures": counted_in.figures,
        "complaints": complaint_figures(scope, period),
        "months": counted_in.months,
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
        "denials": [(_ground(each, language), each.count) for each in counted_in.denials],
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


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A yearly table in the reader's words; a row is its name and its cells, each with a head."""

    code: str
    title: str
    heads: list[str]
    rows: list[tuple[str, list[tuple[str, Any]]]]


@require_safe
@regulator_page
def yearly(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the yearly tables; the look becomes a step in the log."""
    this_year = timezone.localdate().year
    form = YearForm(request.GET or {"year": this_year})
    year = form.cleaned_data["year"] if form.is_valid() else this_year
    made = _tables(scope, year)
    drawn = [(key, line.received) for key, line in made[0].lines if key != TOTAL and line.received]
    language = get_language() or ""
    regime = get_regime(scope.regime)
    context = {
        "form": form,
        "errors": page_errors(form),
        "year": year,
        "tables": [_shown(table, scope) for table in made],
        "chart": charts.rows(
            [_name(made[0].code, key, regime) for key, _received in drawn],
            [received for _key, received in drawn],
        ),
        "regime": regime.name.in_language(language),
        "metrics": [
            (rule.text.in_language(language), citation_text(rule.citations))
            for rule in regime.metrics
            if rule.code != EXPLANATION
        ],
        "here": "statistics",
    }
    return render(request, "regulators/yearly.html", context)


@require_safe
@regulator_page
def yearly_csv(request: HttpRequest, scope: RegulatorScope, year: int, code: str) -> HttpResponse:
    """Give one of the yearly tables as a file. Its columns are named as the code names them."""
    if not YearForm({"year": year}).is_valid():
        raise Http404
    table = next((table for table in _tables(scope, year) if table.code == code), None)
    if table is None:
        raise Http404
    return csv_file(
        f"{scope.regime}-{year}-{code}",
        [code, "name", *table.columns],
        [
            [key, name, *(getattr(line, column) for column in table.columns)]
            for (key, line), (name, _line) in zip(table.lines, _named(table, scope), strict=True)
        ],
    )


def _tables(scope: RegulatorScope, year: int) -> list[YearlyTable]:
    record_look_at_register(scope, what="statistics", narrowed_by={"year": year})
    return tables_of_year(scope, year)


def _shown(table: YearlyTable, scope: RegulatorScope) -> ShownTable:
    heads = [str(COLUMNS[column]) for column in table.columns]
    return ShownTable(
        table.code,
        str(TITLES[table.code]),
        heads,
        [
            (name, [(str(COLUMNS[c]), getattr(line, c)) for c in table.columns])
            for name, line in _named(table, scope)
        ],
    )


def _named(table: YearlyTable, scope: RegulatorScope) -> list[tuple[str, Any]]:
    regime = get_regime(scope.regime)
    return [(_name(table.code, key, regime), line) for key, line in table.lines]


def _name(code: str, key: str, regime: Regime) -> str:
    """Return the name of a line: a right, a quarter, a role, a ground or one of `LINES`."""
    if key != TOTAL and code == "right":
        return str(ItemKind(key).label)
    if key != TOTAL and code == "requester":
        return str(RequesterRole(key).label)
    if key != TOTAL and code == "quarter":
        year, quarter = key.split("-")
        return _("%(year)s, quarter %(quarter)s") % {"year": year, "quarter": quarter}
    if code == "ground" and key in regime.grounds:
        return regime.grounds[key].text.in_language(get_language() or "")
    return str(LINES.get(key, key))
