"""The look-up as a step of the real datatrove: several tasks find what one process finds."""

import json

import pytest
from datatrove.executor.local import LocalPipelineExecutor

from workflows.corpus.cluster.datatrove import LocatePersons
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Schema, read_persons
from workflows.samples.corpora.generator import make_persons, records, write_jsonl, write_parquet
from workflows.samples.corpora.generator import write_persons as write_people


@pytest.fixture
def corpus(tmp_path):
    import random

    rng = random.Random(3)
    people = make_persons(20, rng)
    write_people(tmp_path / "persons.jsonl", people)
    folder = tmp_path / "corpus"
    (folder / "deep").mkdir(parents=True)
    for number in range(3):
        made = records(people, 100_000, rng, mentions=300e-6, prefix=f"r{number}-")
        write_jsonl(folder / "deep" / f"{number}.jsonl", made, None)
    write_parquet(folder / "deep" / "2.jsonl", folder / "last.parquet")
    (folder / "README.md").write_text("no data")
    return folder


@pytest.mark.filterwarnings("ignore")
def test_several_tasks_find_what_one_process_finds(corpus, tmp_path):
    persons = tmp_path / "persons.jsonl"
    with persons.open() as lines:
        known = Patterns(read_persons(lines))
    expected = sorted(
        hit.as_json() for result in locate(shards(corpus), known, Schema()) for hit in result.hits
    )
    step = LocatePersons(str(corpus), str(persons), str(tmp_path / "hits"))

    LocalPipelineExecutor([step], tasks=3, workers=1, logging_dir=str(tmp_path / "logs")).run()

    written = sorted((tmp_path / "hits").iterdir())
    assert [path.name for path in written] == ["00000.jsonl", "00001.jsonl", "00002.jsonl"]
    assert sorted(line for path in written for line in path.read_text().splitlines()) == expected
    assert len(expected) > 50
    stats = json.loads((tmp_path / "logs" / "stats.json").read_text())
    assert stats[0]["stats"]["hits"] == len(expected)


@pytest.mark.filterwarnings("ignore")
def test_a_remote_folder_is_read_through_a_copy(corpus, tmp_path):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(corpus) + "/", "/corpus/", recursive=True)
    step = LocatePersons("memory://corpus", str(tmp_path / "persons.jsonl"), str(tmp_path / "hits"))
    step.run(rank=0, world_size=1)
    found = (tmp_path / "hits" / "00000.jsonl").read_text().splitlines()
    assert {json.loads(line)["file"] for line in found} == {
        "deep/0.jsonl",
        "deep/1.jsonl",
        "deep/2.jsonl",
        "last.parquet",
    }
