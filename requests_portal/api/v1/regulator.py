"""A regulator's programs: list the cases of the regime, make exports and download them."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_portal.api.pagination import Cursor
from requests_portal.api.permissions import HasToken
from requests_portal.api.schema import location_of
from requests_portal.api.throttles import Throttled
from requests_portal.api.v1.authentication import RegulatorTokenAuthentication
from requests_portal.api.v1.serializers import (
    BundleJobSerializer,
    BundleRequestSerializer,
    CaseQuerySerializer,
    CaseSummarySerializer,
)
from requests_portal.presentation.responses import ranged_file
from workflows.accounts.regulators import RegulatorScope
from workflows.exports.files import Format, bundle_path, download_name, download_type
from workflows.exports.jobs import find_job, jobs, record_download, request_bundle
from workflows.exports.models import BundleJob
from workflows.oversight.access_log import record_look_at_register
from workflows.oversight.filters import BundleFilters
from workflows.oversight.row_security import restrict_to_scope
from workflows.oversight.selectors import CaseFilter, filter_cases


class RegulatorView(Throttled, APIView):
    """Base of the views for regulators: a token of one account, scoped to one regime.

    Every handler of a subclass runs in one transaction, in which the database shows it the rows of
    the regime only.
    """

    authentication_classes = [RegulatorTokenAuthentication]
    permission_classes = [HasToken]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Limit the handlers here, so that no endpoint can be written without."""
        super().__init_subclass__(**kwargs)
        for method in cls.http_method_names:
            if method in vars(cls):
                setattr(cls, method, _within_regime(vars(cls)[method]))


def _scope(request: Request) -> RegulatorScope:
    """Return what the token opens, as `RegulatorTokenAuthentication` has put it."""
    scope = request.auth
    assert isinstance(scope, RegulatorScope)
    return scope


def _within_regime(handler: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(handler)
    def limited(
        view: RegulatorView, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        with restrict_to_scope(_scope(request)):
            return handler(view, request, *args, **kwargs)

    return limited


class NewestFirst(Cursor):
    """Pages of cases, the newest filing first; a page stays the same while new ones arrive."""

    ordering = ("-filed_at", "-case_id")


class NewestExportFirst(Cursor):
    """Pages of exports, the newest first."""

    ordering = ("-created_at", "-id")


class CaseListView(RegulatorView):
    """The cases of the regulator's regime."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="regulator_cases",
        parameters=[CaseQuerySerializer],
        responses={200: CaseSummarySerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List the cases of the regime, newest first, 50 a page."""
        asked = CaseQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        states = tuple(asked.validated_data["state"])
        record_look_at_register(
            _scope(request),
            what="cases",
            narrowed_by={"states": sorted(set(states))},
        )
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(
            filter_cases(_scope(request), CaseFilter(states=states)), request, view=self
        )
        cases = [fact.case for fact in page or ()]
        return paginator.get_paginated_response(CaseSummarySerializer(cases, many=True).data)


class BundleListView(RegulatorView):
    """The regulator's exports."""

    pagination_class = NewestExportFirst

    @extend_schema(operation_id="bundles", responses={200: BundleJobSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """List this account's exports, newest first, 50 a page."""
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(jobs(_scope(request)), request, view=self)
        return paginator.get_paginated_response(BundleJobSerializer(page, many=True).data)

    @extend_schema(
        operation_id="make_bundle",
        request=BundleRequestSerializer,
        parameters=[location_of(HTTPStatus.ACCEPTED)],
        responses={202: BundleJobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Ask for an export, which is made in the background: look at its address until ready."""
        serializer = BundleRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        chosen: dict[str, Any] = dict(serializer.validated_data)
        previous = chosen.pop("previous")
        formats, recipient = chosen.pop("formats"), chosen.pop("recipient")
        filters = BundleFilters(**{**chosen, "states": tuple(chosen["states"])})
        job = request_bundle(
            _scope(request),
            filters,
            formats=list(map(Format, formats)),
            recipient=recipient,
            previous=previous,
        )
        return Response(
            BundleJobSerializer(job).data,
            status=HTTPStatus.ACCEPTED,
            headers={"Location": reverse("api-v1-bundle", args=[job.pk])},
        )


def _find(request: Request, job_id: UUID) -> BundleJob:
    try:
        return find_job(_scope(request), job_id)
    except BundleJob.DoesNotExist:
        raise Http404 from None


class BundleView(RegulatorView):
    """One export."""

    @extend_schema(operation_id="bundle", responses={200: BundleJobSerializer})
    def get(self, request: Request, job_id: UUID) -> Response:
        """Tell how far an export is."""
        return Response(BundleJobSerializer(_find(request, job_id)).data)


class BundleDownloadView(RegulatorView):
    """The file of an export."""

    @extend_schema(
        operation_id="download_bundle",
        parameters=[
            OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER),
            OpenApiParameter("If-Range", OpenApiTypes.STR, OpenApiParameter.HEADER),
            OpenApiParameter(
                "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200, 206]
            ),
        ],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/zip"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            416: OpenApiResponse(description="The file does not reach that far."),
        },
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """Download an export that is ready, whole or in part; each download is a step in the log.

        The entity tag is the SHA-256 of the file. A file encrypted with age comes as
        `application/octet-stream`.
        """
        job = _find(request, job_id)
        path = bundle_path(job)
        if job.state_now != BundleJob.State.READY or not path.exists():
            raise Http404
        if request.method == "GET":
            record_download(_scope(request), job)
        return ranged_file(
            request.headers,
            path,
            name=download_name(job),
            etag=job.sha256,
            content_type=download_type(job),
        )
