"""What goes out about manifests, and what a receipt looks like."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from requests_portal.api.v1.serializers import StrictSerializer
from workflows.corrections.downloads import files_of
from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.corrections.models.manifest import STATE_CHOICES
from workflows.datasets.models import Snapshot


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
