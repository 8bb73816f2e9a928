"""The explanation of training data that a regulator may ask for, out of the register.

Interim Measures for Generative AI Services (China) art. 19 names what it tells: source, scale,
types and labelling rules of the training data, and the mechanism of the algorithm.
"""

from dataclasses import dataclass

from workflows.datasets.models import Dataset, Snapshot, TrainedModel


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """A dataset with its snapshots, the newest first, and the models that were trained on them.

    `records` and `bytes` are those of the newest snapshot that was read; None where none was.
    """

    dataset: Dataset
    snapshots: list[Snapshot]
    models: list[str]
    records: int | None
    bytes: int | None


def training_sources() -> list[TrainingSource]:
    """Return every registered dataset by name. Three queries, whatever the number."""
    found = []
    for dataset in Dataset.objects.prefetch_related("snapshots__models"):
        snapshots = sorted(dataset.snapshots.all(), key=lambda each: each.pk, reverse=True)
        read = next((each for each in snapshots if each.rows is not None), None)
        models = {str(model) for each in snapshots for model in each.models.all()}
        found.append(
            TrainingSource(
                dataset,
                snapshots,
                sorted(models),
                read.rows if read else None,
                read.bytes if read else None,
            )
        )
    return found


def trained_models() -> list[TrainedModel]:
    """Return every registered model with the snapshots it was trained on. Three queries."""
    return list(TrainedModel.objects.prefetch_related("snapshots__dataset"))
