"""The first page: how the regime stands, and the ways on; beside it the training sources."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from requests_portal.presentation.deadlines import citation_text
from requests_portal.presentation.responses import csv_file
from requests_portal.regulators.access import regulator_page
from workflows.accounts.regulators import RegulatorScope
from workflows.exports.jobs import jobs
from workflows.ledger.selectors import latest_checkpoint
from workflows.oversight.access_log import record_look_at_register
from workflows.oversight.selectors import kept_checkpoints
from workflows.oversight.training_sources import trained_models, training_sources
from workflows.regimes.services import get_regime
from workflows.statistics.counts import Period
from workflows.statistics.figures import figures

# The rule of a regime, if it has one, that asks for this explanation.
RULE = "training_data_explanation"
COLUMNS = (
    "dataset",
    "origin",
    "legal_basis",
    "licence",
    "scale",
    "records",
    "bytes",
    "types",
    "labelling_rules",
    "retention",
    "approval",
    "approved_on",
    "versions",
    "models",
)


@require_safe
@regulator_page
def overview(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the figures of all time, the latest exports and the checkpoint kept last.

    Figures are a look, here too.
    """
    record_look_at_register(scope, what="overview", narrowed_by={})
    context = {
        "account": scope.account,
        "regime": get_regime(scope.regime).name.in_language(get_language() or ""),
        "figures": figures(scope, Period()),
        "jobs": jobs(scope)[:3],
        "kept": kept_checkpoints(scope).first(),
        "checkpoint": latest_checkpoint(),
        "here": "overview",
    }
    return render(request, "regulators/overview.html", context)


@require_safe
@regulator_page
def training(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Explain source, scale, types, labelling rules and mechanism; the look becomes a step."""
    record_look_at_register(scope, what="training_data", narrowed_by={})
    language = get_language() or ""
    rules = [rule for rule in get_regime(scope.regime).metrics if rule.code == RULE]
    context = {
        "rules": [
            (rule.text.in_language(language), citation_text(rule.citations)) for rule in rules
        ],
        "sources": training_sources(),
        "models": trained_models(),
        "here": "training",
    }
    return render(request, "regulators/training.html", context)


@require_safe
@regulator_page
def training_csv(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Give the datasets as a file."""
    record_look_at_register(scope, what="training_data", narrowed_by={})
    rows = [
        [
            source.dataset.name,
            source.dataset.origin,
            source.dataset.legal_basis,
            source.dataset.licence,
            source.dataset.scale,
            source.records,
            source.bytes,
            source.dataset.types,
            source.dataset.labelling_rules,
            source.dataset.retention,
            source.dataset.approval,
            source.dataset.approval_at and f"{source.dataset.approval_at:%Y-%m-%d}",
            _("; ").join(snapshot.version for snapshot in source.snapshots),
            _("; ").join(source.models),
        ]
        for source in training_sources()
    ]
    return csv_file("training-data", COLUMNS, rows)
