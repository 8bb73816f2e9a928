"""The register: datasets, snapshots, models, recipients."""

from workflows.datasets.models.dataset import Dataset, Recipient
from workflows.datasets.models.snapshot import Snapshot, SnapshotFile
from workflows.datasets.models.trained_model import TrainedModel

__all__ = [
    "Dataset",
    "Recipient",
    "Snapshot",
    "SnapshotFile",
    "TrainedModel",
]
