"""Whether the portal lives and is ready, for load balancers and for people on call."""

import shutil
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from workflows.ledger import selectors as ledger
from workflows.outbox import queues
from workflows.outbox import selectors as outbox

# An outbox or a sequencer that lags longer than this needs somebody to look.
LAG_LIMIT = timedelta(minutes=2)
_NAMES = {queues.DEFAULT: "outbox"}
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
        backlog = ledger.backlog()
        lag = timezone.now() - backlog.oldest if backlog.oldest else timedelta()
        checks["sequencer"] = "ok" if lag < LAG_LIMIT else "lags"
        for queue, backlog_of_queue in outbox.backlogs().items():
            name = _NAMES.get(queue, queue)
            checks[name] = "ok" if backlog_of_queue.age < LAG_LIMIT else "lags"
        checks["dead_letters"] = outbox.dead_letters().count()
    except Exception:  # noqa: BLE001 - whatever is wrong with the database, the answer is 503
        checks["database"] = "down"
        ready = False
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.MEDIA_ROOT).free < FREE_DISK_LIMIT:
        checks["disk"] = "full"
        ready = False
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)
