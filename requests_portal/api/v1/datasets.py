"""The register for the provider's pipelines: datasets, their snapshots, Croissant."""

import json
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from requests_portal.api.bounds import read_body
from requests_portal.api.pagination import Cursor
from requests_portal.api.schema import location_of
from requests_portal.api.v1.authentication import PipelineView, pipeline_actor
from workflows.accounts.models import TokenScope
from workflows.datasets.croissant.exporting import MEDIA_TYPE, export_croissant
from workflows.datasets.croissant.importing import import_croissant
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.read_errors import read_error_of
from workflows.datasets.register import save_dataset, save_snapshot


class DatasetQuerySerializer(serializers.Serializer[None]):
    """Which datasets are listed."""

    name = serializers.CharField(required=False, max_length=120, help_text="The whole name.")


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A dataset. The approval is read only: a privacy officer decides on it."""

    class Meta:
        model = Dataset
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "scope",
            "origin",
            "legal_basis",
            "purposes",
            "disclosed_to",
            "transfers",
            "translations",
            "licence",
            "types",
            "scale",
            "labelling_rules",
            "retention",
            "keep_replaced_days",
            "approval",
            "approval_at",
            "approval_ground",
            "registered_at",
        ]
        read_only_fields: ClassVar = [
            "approval",
            "approval_at",
            "approval_ground",
            "registered_at",
        ]


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    """A snapshot. `problem` says in words why it cannot be read."""

    problem = serializers.SerializerMethodField()

    class Meta:
        model = Snapshot
        fields: ClassVar = [
            "id",
            "dataset",
            "version",
            "parent",
            "format",
            "location",
            "id_field",
            "text_fields",
            "source_field",
            "state",
            "problem",
            "rows",
            "bytes",
            "bytes_done",
            "bytes_total",
            "read_at",
            "registered_at",
        ]
        read_only_fields: ClassVar = [
            "dataset",
            "state",
            "rows",
            "bytes",
            "bytes_done",
            "bytes_total",
            "read_at",
            "registered_at",
        ]

    @extend_schema_field(str)
    def get_problem(self, snapshot: Snapshot) -> str:
        """Return why the snapshot cannot be read, or an empty text."""
        return read_error_of(snapshot)


_READ_AND_WRITE = {
    "GET": TokenScope.DATASETS_READ,
    "POST": TokenScope.DATASETS_WRITE,
    "PATCH": TokenScope.DATASETS_WRITE,
}


class ByNumber(Cursor):
    """Pages in the order of registration."""

    ordering = "pk"


class NewestFirst(Cursor):
    """Pages of snapshots, the newest first."""

    ordering = "-pk"


class CroissantParser(BaseParser):
    """Takes JSON-LD as it is; the register reads it."""

    media_type = "application/ld+json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the body."""
        return read_body(stream)


class DatasetListView(PipelineView):
    """The datasets."""

    scopes = _READ_AND_WRITE
    pagination_class = ByNumber

    @extend_schema(
        operation_id="datasets",
        parameters=[DatasetQuerySerializer],
        responses={200: DatasetSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List the datasets in the order of registration, 50 a page; `name` finds one."""
        asked = DatasetQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        datasets = Dataset.objects.filter(**asked.validated_data)
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(datasets, request, view=self)
        return paginator.get_paginated_response(DatasetSerializer(page, many=True).data)

    @extend_schema(
        operation_id="register_dataset",
        request=DatasetSerializer,
        parameters=[location_of(HTTPStatus.CREATED)],
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request) -> Response:
        """Register a dataset. A privacy officer approves it; the API does not."""
        serializer = DatasetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        dataset = save_dataset(Dataset(**serializer.validated_data), pipeline_actor(request))
        return Response(
            DatasetSerializer(dataset).data,
            status=HTTPStatus.CREATED,
            headers={"Location": reverse("api-v1-dataset", args=[dataset.pk])},
        )


class DatasetView(PipelineView):
    """One dataset."""

    scopes = _READ_AND_WRITE

    @extend_schema(operation_id="dataset", responses={200: DatasetSerializer})
    def get(self, request: Request, dataset_id: int) -> Response:
        """Tell what the register holds of a dataset."""
        return Response(DatasetSerializer(get_object_or_404(Dataset, pk=dataset_id)).data)

    @extend_schema(
        operation_id="change_dataset",
        request=DatasetSerializer(partial=True),
        responses={200: DatasetSerializer},
    )
    def patch(self, request: Request, dataset_id: int) -> Response:
        """Change fields. An approval that rested on one of them ends with it."""
        dataset = get_object_or_404(Dataset, pk=dataset_id)
        serializer = DatasetSerializer(dataset, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        for field, value in serializer.validated_data.items():
            setattr(dataset, field, value)
        return Response(DatasetSerializer(save_dataset(dataset, pipeline_actor(request))).data)


class SnapshotListView(PipelineView):
    """The snapshots of one dataset."""

    scopes = _READ_AND_WRITE
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="snapshots",
        responses={200: SnapshotSerializer(many=True)},
    )
    def get(self, request: Request, dataset_id: int) -> Response:
        """List the snapshots of a dataset, newest first, 50 a page."""
        dataset = get_object_or_404(Dataset, pk=dataset_id)
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(dataset.snapshots.all(), request, view=self)
        return paginator.get_paginated_response(SnapshotSerializer(page, many=True).data)

    @extend_schema(
        operation_id="register_snapshot",
        request=SnapshotSerializer,
        parameters=[location_of(HTTPStatus.ACCEPTED)],
        responses={202: SnapshotSerializer},
    )
    def post(self, request: Request, dataset_id: int) -> Response:
        """Register a snapshot, which is read in the background: look at its address until it is."""
        dataset = get_object_or_404(Dataset, pk=dataset_id)
        serializer = SnapshotSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        snapshot = Snapshot(dataset=dataset, **serializer.validated_data)
        save_snapshot(snapshot, pipeline_actor(request))
        return Response(
            SnapshotSerializer(snapshot).data,
            status=HTTPStatus.ACCEPTED,
            headers={"Location": reverse("api-v1-snapshot", args=[snapshot.pk])},
        )


class SnapshotView(PipelineView):
    """One snapshot."""

    scopes = _READ_AND_WRITE

    @extend_schema(operation_id="snapshot", responses={200: SnapshotSerializer})
    def get(self, request: Request, snapshot_id: int) -> Response:
        """Tell how far a snapshot was read, and why not if it cannot be."""
        return Response(SnapshotSerializer(get_object_or_404(Snapshot, pk=snapshot_id)).data)


class CroissantView(PipelineView):
    """Croissant in."""

    scopes = _READ_AND_WRITE
    parser_classes = [CroissantParser]

    @extend_schema(
        operation_id="import_croissant",
        request={"application/ld+json": OpenApiTypes.OBJECT},
        responses={200: DatasetSerializer},
    )
    def post(self, request: Request) -> Response:
        """Register what a Croissant 1.0 or 1.1 file describes; nothing is approved by it."""
        content = request.data if isinstance(request.data, bytes) else b""
        dataset, _snapshot = import_croissant(content, pipeline_actor(request))
        return Response(DatasetSerializer(dataset).data)


class DatasetCroissantView(PipelineView):
    """Croissant out."""

    scopes = _READ_AND_WRITE

    @extend_schema(
        operation_id="export_croissant",
        responses={(200, "application/ld+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, dataset_id: int) -> HttpResponse:
        """Return the dataset with its newest snapshot as Croissant 1.1."""
        document = export_croissant(get_object_or_404(Dataset, pk=dataset_id))
        return HttpResponse(json.dumps(document, ensure_ascii=False), content_type=MEDIA_TYPE)
