"""The register: datasets, their snapshots, who got them, what was trained on them, who may ask."""

from workflows.datasets.models.dataset import Dataset, Recipient
from workflows.datasets.models.pipeline import PipelineToken
from workflows.datasets.models.search_index import SearchIndex
from workflows.datasets.models.snapshot import Snapshot, SnapshotFile
from workflows.datasets.models.trained_model import TrainedModel

__all__ = [
    "Dataset",
    "PipelineToken",
    "Recipient",
    "SearchIndex",
    "Snapshot",
    "SnapshotFile",
    "TrainedModel",
]
