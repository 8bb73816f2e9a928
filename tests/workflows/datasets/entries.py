"""Makes entries of the register for tests, through the services that the interfaces use."""

import json
from pathlib import Path

from tests.factories import OFFICER, STEWARD
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.register import decide_approval, save_dataset, save_snapshot

RECORDS = [
    {"id": "a", "text": "联系王小明，电话 13800138025", "url": "https://forum.example/1"},
    {"id": "b", "text": "nothing here", "url": "https://forum.example/2"},
]


def lines(records: list[dict[str, object]] = RECORDS) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def make_dataset(name: str = "Forum", *, approved: bool = False, **changes: object) -> Dataset:
    fields = {"origin": "Crawled in May", "legal_basis": "Legitimate interest", **changes}
    dataset = save_dataset(Dataset(name=name, **fields), STEWARD)
    if approved:
        dataset = decide_approval(dataset, OFFICER, approve=True, ground="The terms allow it.")
    return dataset


def make_snapshot(
    location: Path | str, dataset: Dataset | None = None, *, read: bool = True, **changes: object
) -> Snapshot:
    """Register a snapshot at a location, and read it as the worker does."""
    fields = {"version": "1", "format": "jsonl", "source_field": "url", **changes}
    snapshot = Snapshot(dataset=dataset or make_dataset(), location=str(location), **fields)
    save_snapshot(snapshot, STEWARD)
    if read:
        read_snapshot(snapshot.pk)
        snapshot.refresh_from_db()
    return snapshot
