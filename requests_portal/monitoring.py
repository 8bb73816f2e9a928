"""Whether the portal lives and is ready, for load balancers and for people on call."""

import shutil
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from workflows.ledger import selectors as ledger
from workflows.outbox import queues
from workflows.outbox import services as outbox
from workflows.outbox.canaries import BEAT

# What lags longer than this needs somebody to look.
LAG_LIMIT = timedelta(minutes=2)
# Who takes canaries out of which queue.
_WORKERS = {
    queues.DEFAULT: "worker",
    queues.MAIL: "mail-worker",
    queues.DATA: "data-worker",
}
FREE_DISK_LIMIT = 200 * 1024 * 1024


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the portal can take requests, else 503; lags are told, not fatal.

    Only database and disk decide: a stopped broker or worker delays mails, not filings.
    """
    checks: dict[str, object] = {}
    ready = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = "ok"
        checks |= background()
    except Exception:  # noqa: BLE001 - whatever is wrong with the database, the answer is 503
        checks["database"] = "down"
        ready = False
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.MEDIA_ROOT).free < FREE_DISK_LIMIT:
        checks["disk"] = "full"
        ready = False
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def background() -> dict[str, str | int]:
    """Return how what works in the background stands, each thing by its name.

    `sequencer`, `outbox` and `mail` (the effects of the two queues) are `ok` or `lags`; `relay`,
    `beat` and the workers are `ok`, `busy` when canaries wait long behind other work, or
    `silent`; `dead_letters` is how many there are. Raises what the database raises.
    """
    events = ledger.backlog()
    lag = timezone.now() - events.oldest if events.oldest else timedelta()
    waiting = outbox.backlogs()
    canaries = outbox.canary_states()
    sent = [canary.sent for canary in canaries.values() if canary.sent is not None]
    return {
        "sequencer": _lagging(lag),
        "outbox": _lagging(waiting[queues.DEFAULT].age),
        "mail": _lagging(waiting[queues.MAIL].age),
        "relay": _heard(min(sent, default=None)),
        "beat": canaries.pop(BEAT).state(LAG_LIMIT),
        **{_WORKERS[name]: canary.state(LAG_LIMIT) for name, canary in canaries.items()},
        "dead_letters": outbox.dead_letters().count(),
    }


def unwell(checks: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return those of the background checks that need somebody to look."""
    return {name: found for name, found in checks.items() if found not in {"ok", "busy", 0}}


def _lagging(lag: timedelta) -> str:
    return "ok" if lag < LAG_LIMIT else "lags"


def _heard(lag: timedelta | None) -> str:
    return "silent" if lag is None or lag > LAG_LIMIT else "ok"
