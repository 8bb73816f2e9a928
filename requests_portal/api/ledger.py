"""The public part of the log: signed checkpoints, timestamps on them, hash tiles, nothing else.

Paths and types follow C2SP tlog-tiles. Hash tiles hold hashes only; entry bundles are not public.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from workflows.ledger.selectors import public_file


@require_safe
def log_file(request: HttpRequest, path: str) -> HttpResponse:
    """Serve a file of the log; all but `checkpoint` never change, so caches may keep them."""
    found = public_file(path)
    if found is None:
        raise Http404
    response = HttpResponse(found.body, content_type=found.content_type)
    response["Cache-Control"] = (
        "public, max-age=31536000, immutable" if found.immutable else "public, max-age=5"
    )
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


urlpatterns = [path("<path:path>", log_file, name="ledger-file")]
