"""The readable summary of an export as a PDF: its scope, figures, charts, what it rests on."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from workflows.cases.lifecycle import State
from workflows.cases.names import STATE_NAMES
from workflows.pdf import render_pdf
from workflows.pdf.fonts import font
from workflows.regimes.services import get_regime
from workflows.statistics.counting import ABUSE
from workflows.statistics.export_statistics import ExportStatistics
from workflows.vocabulary.item_kinds import ItemKind

if TYPE_CHECKING:
    from workflows.exports.tables import BundleRequest, TableCounts

TEMPLATE = Path(__file__).parent / "summary.typ"
_MONTH_FIGURES = ("received", "answered", "whole", "part", "denied", "nothing_held", "open", "late")


def write_summary(
    request: "BundleRequest", counts: "TableCounts", tally: ExportStatistics
) -> bytes:
    """Return the PDF, in the language of the request. It holds nothing about one person."""
    with translation.override(request.language):
        data = {
            "lang": request.language.partition("-")[0],
            "font": font().family,
            "region": {"zh": "cn", "en": "us"}.get(request.language.partition("-")[0]),
            "words": _words(request),
            "scope": _scope(request, counts),
            "figures": _figures(tally),
            "months": [
                {
                    "label": month,
                    "received": figures["received"],
                    "answered": figures["answered"],
                    "cells": [str(figures[name]) for name in _MONTH_FIGURES],
                }
                for month, figures in sorted(tally.months.items())
            ],
            "kinds": [
                {"label": str(ItemKind(kind).label), "count": count}
                for kind, count in tally.kinds.most_common()
            ],
            "grounds": [
                {"label": _ground(request, ground), "count": count}
                for ground, count in tally.grounds.most_common()
            ],
        }
        return render_pdf(TEMPLATE, data, at=timezone.now())


def _words(request: "BundleRequest") -> Mapping[str, Any]:
    names = _figure_names()
    return {
        "title": _("Summary of the export for %(regime)s")
        % {"regime": request.regime or _("all regimes")},
        "lead": _(
            "This document counts the requests whose records are in the same export. The records"
            " themselves are in cases.csv and events.csv, with the proofs beside them."
        ),
        "pair_heads": [_("What"), _("Value")],
        "scope": _("What was exported"),
        "figures": _("Figures"),
        "counting": _(
            "A case counts as complied with in whole when something was granted and nothing"
            " refused, in part when both, and as denied when something was refused and nothing"
            " granted, or when it was rejected as abuse. Each case counts once, as it stands now: a"
            " contested case counts as open until it is answered anew. Days run from receipt to the"
            " latest answer, which a rejection as abuse is too."
        ),
        "months": _("By month of receipt"),
        "months_chart": _("Cases received and answered, by month of receipt"),
        "month_heads": [_("Month"), *(names[name] for name in _MONTH_FIGURES)],
        "no_case": _("No case was received in this period."),
        "received": _("received"),
        "answered": _("answered"),
        "kinds": _("By what was asked for"),
        "kinds_chart": _("Items received, by kind"),
        "grounds": _("Denied, by ground"),
        "ground_heads": [_("Ground"), _("Items")],
        "trust": _("What this summary rests on"),
        "trust_text": _(
            "The provider signed for this file: its SHA-256 stands in the step bundle.exported of"
            " the log. The program verify.py checks that it is the file that was signed. It does"
            " not count again; you can, from cases.csv, which it does check against the log."
        ),
    }


def _figure_names() -> dict[str, str]:
    return {
        "received": _("Requests received"),
        "open": _("Open"),
        "late": _("Late"),
        "answered": _("Answered"),
        "whole": _("Complied with in whole"),
        "part": _("Complied with in part"),
        "denied": _("Denied"),
        "nothing_held": _("Nothing held"),
        "ended": _("Ended without an answer"),
    }


def _scope(request: "BundleRequest", counts: "TableCounts") -> list[dict[str, str]]:
    filters = request.filters
    states = [str(STATE_NAMES[State(state)]) for state in filters.states]
    registers = [f"{name}: {highest}" for name, highest in sorted(counts.registered.items())]
    rows = {
        _("Made at"): f"{timezone.now():%Y-%m-%d %H:%M} UTC",
        _("Received from"): filters.since.isoformat() if filters.since else _("any day"),
        _("Received until"): filters.until.isoformat() if filters.until else _("any day"),
        _("States"): "; ".join(states) or _("all"),
        _("Case number"): filters.case or _("all"),
        _("Cases in this export"): str(counts.cases),
        _("Steps in this export"): str(counts.events),
        _("Requests in the register, shown here or not"): "; ".join(registers) or "0",
        _("Contents erased"): str(counts.closed.get("erased", 0)),
    }
    if filters.identity_reason:
        rows[_("Why documents of identity are included")] = font().printable(
            filters.identity_reason
        )
    return [{"label": label, "value": value} for label, value in rows.items()]


def _figures(tally: ExportStatistics) -> list[dict[str, str]]:
    rows = {label: str(tally.figures[name]) for name, label in _figure_names().items()}
    rows[_("Mean days to the answer")] = _days(tally.mean_days)
    rows[_("Median days to the answer")] = _days(tally.median_days)
    return [{"label": label, "value": value} for label, value in rows.items()]


def _days(days: float | None) -> str:
    return "–" if days is None else str(days)


def _ground(request: "BundleRequest", ground: str) -> str:
    if ground == ABUSE:
        return _("Rejected as abuse")
    grounds = get_regime(request.regime).grounds if request.regime else {}
    return grounds[ground].text.in_language(request.language) if ground in grounds else ground
