"""The register, the look-ups in what it names, and the matches that were found."""

from workflows.datasets.models.dataset import Dataset, Recipient
from workflows.datasets.models.lookup_run import LookupRun, PlacesNotKept, ShardScan
from workflows.datasets.models.match import AddedSpelling, Match
from workflows.datasets.models.pipeline import PipelineToken, TokenScope
from workflows.datasets.models.snapshot import Snapshot, SnapshotFile
from workflows.datasets.models.trained_model import TrainedModel

__all__ = [
    "AddedSpelling",
    "Dataset",
    "LookupRun",
    "Match",
    "PipelineToken",
    "PlacesNotKept",
    "Recipient",
    "ShardScan",
    "Snapshot",
    "SnapshotFile",
    "TokenScope",
    "TrainedModel",
]
