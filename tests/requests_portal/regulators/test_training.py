"""The regulator reads where the training data come from, out of the register."""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel
from workflows.ledger.models import Event

PAGE = "/en/regulators/training/"


@pytest.fixture
def forum(db):
    dataset = Dataset.objects.create(
        name="Forum 2025",
        origin="Public posts, collected in May 2025.",
        legal_basis="Art. 13(6) PIPL",
        types="Forum posts",
        scale="3 million posts",
        labelling_rules="Three annotators, majority.",
    )
    for version, rows in (("1", 100), ("2", 120), ("3", None)):
        snapshot = Snapshot.objects.create(
            dataset=dataset, version=version, format="jsonl", location="/srv/forum", rows=rows,
            bytes=rows and rows * 1024,
        )  # fmt: skip
    model = TrainedModel.objects.create(
        name="Assistant", version="3", trained_on=date(2026, 1, 2), mechanism="A transformer."
    )
    model.snapshots.add(snapshot)
    Recipient.objects.create(dataset=dataset, name="Partner Lab", given_on=date(2026, 1, 1))
    return dataset


def test_source_scale_types_labelling_rules_and_mechanism(forum, china):
    page = china.get(PAGE).content.decode()
    for text in (
        "Interim Measures for Generative AI Services art. 19",
        "Public posts, collected in May 2025.",
        "3 million posts",
        "counted: 120 records",
        "Forum posts",
        "Three annotators, majority.",
        "A transformer.",
        "Assistant 3",
        "Not approved",
    ):
        assert text in page, text
    # Neither the provider's folders nor its partners.
    assert "/srv/forum" not in page
    assert "Partner Lab" not in page


def test_a_version_that_cannot_be_read_or_was_deleted_says_so(forum, china):
    dataset = Dataset.objects.get()
    place = {"dataset": dataset, "format": "jsonl", "location": "/z"}
    Snapshot.objects.create(version="gone", state="unreadable", problem="missing", **place)
    deleted_at = datetime(2026, 5, 4, tzinfo=UTC)
    Snapshot.objects.create(version="old", state="purged", purged_at=deleted_at, **place)
    page = china.get(PAGE).content.decode()
    rows = {row[: row.index("<")]: row for row in page.split('data-label="Version">')[1:]}
    assert "▲ Cannot be read" in rows["gone"]
    assert "Deleted, 4 May 2026" in rows["old"]
    assert "▲" not in rows["old"]


def test_the_rule_is_named_where_a_law_asks_for_it(forum, europe):
    page = europe.get(PAGE).content.decode()
    assert "Forum 2025" in page
    assert "art. 19" not in page


def test_the_datasets_are_a_file_as_well(forum, china):
    response = china.get(f"{PAGE}datasets.csv")
    [row] = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert (row["dataset"], row["records"], row["models"]) == ("Forum 2025", "120", "Assistant 3")


def test_each_look_is_a_step(forum, china):
    china.get(PAGE)
    event = Event.objects.get(name="register.viewed")
    assert event.facts == {"regime": "CN", "what": "training_data", "narrowed_by": {}}


def test_the_cost_does_not_grow_with_the_register(forum, china, django_assert_max_num_queries):
    china.get(PAGE)
    for number in range(4):
        other = Dataset.objects.create(name=str(number), origin="x", legal_basis="y")
        Snapshot.objects.create(dataset=other, version="1", format="jsonl", location="/z")
    with django_assert_max_num_queries(18):
        china.get(PAGE)
