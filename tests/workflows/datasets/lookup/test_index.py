"""The index finds for one person what the pass finds, numbers in words excepted."""

import json

import pytest

from tests.workflows.datasets.lookup.support import WANG, patterns
from workflows.datasets.lookup.index import Answer, PersonIndex, build
from workflows.datasets.lookup.locate import locate_shard
from workflows.datasets.lookup.persons import read_persons
from workflows.datasets.lookup.readers import Schema
from workflows.datasets.lookup.shards import shards

PERSON = list(read_persons([json.dumps(WANG)]))
TEXTS = [
    "联系王小明，电话 138\n0013\n8025，2026年",
    "nothing here",
    "Ｗａｎｇ Xiaoming wrote it",
    "王<b>小</b>明 / 王·小·明",
    "room 12, +86 (138) 0013-8025 12",
    "wang.xm_7 [at] mail (dot) example (dot) com",
    "2023wang.xm_7@mail.example.com 5",
    "身份证：110105 19491231 002X。",
    "@wang_xm",
    "weibo.com/u/12345678?x",
    "138001380251",
    "王小朋友明白",
    "wang&#64;xm tel138 0013 8025",
]


@pytest.fixture
def index(tmp_path):
    records = [json.dumps({"id": n, "text": text}) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.jsonl").write_text("\n".join(records) + "\n")
    (tmp_path / "index").mkdir()
    for _figures in build(tmp_path / "index", shards(tmp_path / "a.jsonl"), Schema()):
        pass
    return PersonIndex(tmp_path / "index")


def hits(answer: Answer) -> list[tuple[object, ...]]:
    return sorted(
        (hit.id, hit.kind, hit.start, hit.end, hit.strength)
        for record in answer.found
        for hit in record.hits
    )


def test_it_finds_what_the_pass_finds(index, tmp_path):
    (shard,) = shards(tmp_path / "a.jsonl")
    expected = sorted(
        (hit.id, hit.kind, hit.start, hit.end, hit.strength)
        for hit in locate_shard(shard, patterns(WANG))
    )
    assert len({hit[0] for hit in expected}) == 9
    assert hits(index.look_up(PERSON)) == expected


def test_it_gives_back_the_text_of_the_record(index):
    answer = index.look_up(PERSON)
    assert all(record.texts == {"text": TEXTS[record.hits[0].id]} for record in answer.found)
    assert index.records == len(TEXTS)


def test_who_is_not_there_is_not_found(index):
    stranger = list(
        read_persons(['{"ref": 1, "names": ["欧阳修文"], "phones": ["+8613900139000"]}'])
    )
    assert index.look_up(stranger) == Answer([], 0)
    assert index.look_up([]) == Answer([], 0)
