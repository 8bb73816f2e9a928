"""Pipelines fetch what they must change and say what they did; gateways fetch the list."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from requests_portal.api.pagination import Cursor
from requests_portal.api.problems import InvalidIdempotencyKey, MissingIdempotencyKey
from requests_portal.api.schema import problems
from requests_portal.api.v1.authentication import PipelineView, pipeline_actor
from requests_portal.api.v1.serializers import StrictSerializer
from workflows.accounts.models import TokenScope
from workflows.cases.idempotency import LONGEST_KEY
from workflows.corrections.downloads import FILES, FILES_WITH_TEXTS, SQL, download_file, files_of
from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.corrections.models.manifest import STATE_CHOICES
from workflows.corrections.receipts import take_receipt
from workflows.datasets.models import Snapshot
from workflows.model_outputs.suppression import current_etag, publish
from workflows.vault.crypto import Shredded
from workflows.vault.fields import sealed_fields


class ManifestQuerySerializer(serializers.Serializer[None]):
    """Which manifests are listed."""

    state = serializers.ChoiceField(choices=STATE_CHOICES, default=Manifest.State.OPEN.value)


class TargetSerializer(serializers.ModelSerializer[Snapshot]):
    """The snapshot that is to be changed."""

    dataset = serializers.CharField(source="dataset.name")

    class Meta:
        model = Snapshot
        fields = (
            "id", "dataset", "version", "format", "location", "id_field", "text_fields",
        )  # fmt: skip
        read_only_fields = fields


class ManifestSerializer(serializers.ModelSerializer[Manifest]):
    """A manifest, with the addresses of its files."""

    snapshot = TargetSerializer()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Manifest
        fields = (
            "id", "state", "made_at", "records", "snapshot", "result", "checked_at", "left_count",
            "files",
        )  # fmt: skip
        read_only_fields = fields

    def get_files(self, manifest: Manifest) -> dict[str, str]:
        """Return an address for each file."""
        names = files_of(manifest)
        return {name: reverse("api-v1-manifest-file", args=[manifest.pk, name]) for name in names}


class NewSnapshotSerializer(StrictSerializer):
    """A snapshot that came out, where it is not registered yet."""

    version = serializers.CharField(max_length=80)
    location = serializers.CharField(max_length=500)
    format = serializers.ChoiceField(choices=Snapshot.Format.choices, required=False)


@extend_schema_serializer(component_name="Receipt")
class ReceiptRequestSerializer(StrictSerializer):
    """What a pipeline did. `snapshot` or `snapshot_id` says what came out."""

    status = serializers.ChoiceField(choices=PipelineAcknowledgement.Status.choices)
    snapshot = NewSnapshotSerializer(required=False)
    snapshot_id = serializers.PrimaryKeyRelatedField(
        queryset=Snapshot.objects.all(), required=False
    )
    remark = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="Names nobody."
    )

    def new_snapshot(self, manifest: Manifest) -> Snapshot | None:
        """Return what came out, registered or not, or None."""
        given: dict[str, Any] = self.validated_data
        if "snapshot_id" in given:
            known: Snapshot = given["snapshot_id"]
            return known
        if "snapshot" not in given:
            return None
        return Snapshot(**{"format": manifest.snapshot.format, **given["snapshot"]})


class ReceiptSerializer(serializers.ModelSerializer[PipelineAcknowledgement]):
    """A receipt as it was taken."""

    class Meta:
        model = PipelineAcknowledgement
        fields = ("manifest", "status", "snapshot", "remark", "at")
        read_only_fields = fields


_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


class OldestFirst(Cursor):
    """Pages of manifests in the order in which they were made."""

    ordering = ("made_at", "id")


class ManifestListView(PipelineView):
    """Manifests."""

    scopes = {"GET": TokenScope.MANIFESTS_READ}
    pagination_class = OldestFirst

    @extend_schema(
        operation_id="manifests",
        parameters=[ManifestQuerySerializer],
        responses={200: ManifestSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List manifests of a state, `open` if none is given, the oldest first, 50 a page."""
        asked = ManifestQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = Manifest.objects.filter(state=asked.validated_data["state"])
        found = found.defer(*sealed_fields(Manifest)).select_related("snapshot__dataset", "result")
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(ManifestSerializer(page, many=True).data)


def _find(manifest_id: UUID) -> Manifest:
    found = Manifest.objects.select_related("snapshot__dataset", "result", "data_key")
    try:
        return found.get(pk=manifest_id)
    except Manifest.DoesNotExist:
        raise Http404 from None


class ManifestView(PipelineView):
    """One manifest."""

    scopes = {"GET": TokenScope.MANIFESTS_READ}

    @extend_schema(operation_id="manifest", responses={200: ManifestSerializer})
    def get(self, request: Request, manifest_id: UUID) -> Response:
        """Tell what a manifest is about and how far it is."""
        return Response(ManifestSerializer(_find(manifest_id)).data)


class ManifestFileView(PipelineView):
    """The files of a manifest."""

    scopes = {"GET": TokenScope.MANIFESTS_READ}

    def scope_of(self, method: str, kwargs: Mapping[str, Any]) -> TokenScope | None:
        """Return the scope that a file needs: those with texts about people need their own."""
        if kwargs.get("name") in FILES_WITH_TEXTS:
            return TokenScope.MANIFESTS_TEXTS
        return super().scope_of(method, kwargs)

    @extend_schema(
        operation_id="manifest_file",
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH, enum=[*FILES, SQL])],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            **problems(HTTPStatus.CONFLICT),
        },
    )
    def get(self, request: Request, manifest_id: UUID, name: str) -> HttpResponse:
        """Return the note, the entries in one of their formats, or the texts that replace others.

        The texts are personal data and no part of the manifest; keep them no longer than needed.
        For a table there is `changes.sql` besides, unless the table was changed meanwhile (409).
        Both `replacements.jsonl` and `changes.sql` need the scope `manifests:texts` instead.
        Each fetch is a look in the access log.
        """
        try:
            content = download_file(_find(manifest_id), name, pipeline_actor(request))
        except (KeyError, Shredded):
            raise Http404 from None
        return HttpResponse(
            content,
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )


class ReceiptView(PipelineView):
    """What was done with a manifest."""

    scopes = {"POST": TokenScope.MANIFESTS_ACKNOWLEDGE}

    @extend_schema(
        operation_id="manifest_receipt",
        request=ReceiptRequestSerializer,
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
                OpenApiParameter.HEADER,
                required=True,
            )
        ],
        responses={
            201: ReceiptSerializer,
            **problems(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        },
    )
    def post(self, request: Request, manifest_id: UUID) -> Response:
        """Say that a manifest was applied, applied in part, or refused.

        The snapshot that came out is registered and re-scanned. The same receipt under the same
        `Idempotency-Key` counts once; another one under it is refused (422). Keys of different
        tokens do not meet.
        """
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise MissingIdempotencyKey
        if not _KEY.fullmatch(key):
            raise InvalidIdempotencyKey
        serializer = ReceiptRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        manifest = _find(manifest_id)
        receipt = take_receipt(
            manifest,
            pipeline_actor(request),
            key=key,
            status=serializer.validated_data["status"],
            snapshot=serializer.new_snapshot(manifest),
            remark=serializer.validated_data["remark"],
        )
        return Response(ReceiptSerializer(receipt).data, status=HTTPStatus.CREATED)


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
