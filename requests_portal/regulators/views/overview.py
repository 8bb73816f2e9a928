"""The first page: how the regime stands, and the ways on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from requests_portal.regulators.access import regulator_page
from workflows.accounts.regulators import RegulatorScope
from workflows.exports.jobs import jobs
from workflows.ledger.selectors import latest_checkpoint
from workflows.oversight.access_log import record_look_at_register
from workflows.oversight.selectors import kept_checkpoints
from workflows.regimes.services import get_regime
from workflows.statistics.figures import Period, figures


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
