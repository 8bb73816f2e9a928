"""The register as JSON."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.problems import read_error_of


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
