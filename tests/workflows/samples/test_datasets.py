"""The sample datasets: the people of the sample cases stand in them, and are found."""

import json

import pytest
from django.core.management import CommandError, call_command

from workflows.corpus.locate import locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import read_persons
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.locations import shards_of
from workflows.datasets.models import Dataset, Snapshot
from workflows.samples.corpora.generator import read_truth
from workflows.samples.datasets import sample_people

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def test_the_people_of_the_sample_cases_stand_in_them_and_are_found(tmp_path, settings, capsys):
    settings.DATA_DIR = tmp_path
    settings.DATASETS_DIRS = [tmp_path / "datasets"]
    call_command("load_sample_cases", verbosity=0)
    for _twice in range(2):  # a second run changes nothing
        call_command("load_sample_datasets", "--megabytes", "2", verbosity=0)

    approvals = Dataset.objects.order_by("pk").values_list("approval", flat=True)
    assert list(approvals) == ["approved", "unapproved"]
    for snapshot, language in zip(Snapshot.objects.order_by("pk"), ("zh-hans", "en"), strict=True):
        read_snapshot(snapshot.pk)
        snapshot.refresh_from_db()
        assert snapshot.is_readable
        assert all(person["names"] for person in sample_people(language))
        known = Patterns(read_persons(map(json.dumps, sample_people(language))))
        hits = {
            (hit.id, hit.ref, str(hit.kind))
            for result in locate(shards_of(snapshot), known, snapshot.schema)
            for hit in result.hits
        }
        truth = tmp_path / "datasets" / snapshot.location / ".truth.jsonl"
        planted = {
            (line["id"], line["ref"], line["kind"])
            for line in read_truth(truth)
            if "trap" not in line
        }
        assert len(planted) >= 3
        assert planted <= hits


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_everybody_has_the_name_of_their_sample_case(language):
    assert all(person["names"][0] for person in sample_people(language))


def test_without_the_sample_cases_nothing_is_made(tmp_path, settings):
    settings.DATASETS_DIRS = [tmp_path / "datasets"]
    with pytest.raises(CommandError, match="load_sample_cases"):
        call_command("load_sample_datasets")
    assert not (tmp_path / "datasets").exists()
