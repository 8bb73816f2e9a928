"""The list of phrases that models must not put out, as gateways pull it."""

from django.http import HttpResponse
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from requests_portal.api.v1.pipeline_access import PipelineView
from workflows.accounts.models import TokenScope
from workflows.model_outputs.suppression import current_etag, publish

_NOT_CHANGED = 304


class SuppressionListView(PipelineView):
    """The output suppression list."""

    scopes = {"GET": TokenScope.SUPPRESSION_READ}

    @extend_schema(
        operation_id="suppression_list",
        parameters=[
            OpenApiParameter("If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER),
            OpenApiParameter(
                "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200, 304]
            ),
            OpenApiParameter(
                "X-List-Version", OpenApiTypes.INT, OpenApiParameter.HEADER, response=[200]
            ),
        ],
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            304: OpenApiResponse(description="The list has not changed."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the list as a signed note, or 304 if it is the one that the caller has."""
        known = parse_etags(request.headers.get("If-None-Match", ""))
        etag = f'"{current_etag()}"'
        if etag in known:
            return HttpResponse(status=_NOT_CHANGED, headers={"ETag": etag})
        published = publish()
        return HttpResponse(
            published.note,
            content_type="text/plain; charset=utf-8",
            headers={"ETag": f'"{published.etag}"', "X-List-Version": str(published.version)},
        )
