"""The whole look-up on an invented corpus: everything planted is found, no trap is fallen into."""

import pytest

from tests.corpus import judgement
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Schema, read_persons
from workflows.samples.corpora import generator


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    generator.write(folder, persons=60, size=3_000_000, seed=4, mentions=400e-6)
    return folder


@pytest.fixture(scope="module")
def known(corpus):
    with (corpus / "persons.jsonl").open(encoding="utf-8") as lines:
        return Patterns(read_persons(lines))


def judged(corpus, known, file):
    results = locate(shards(corpus / file), known, Schema())
    hits = [vars_of(hit) for result in results for hit in result.hits]
    return judgement.judge(generator.read_truth(corpus / "truth.jsonl"), hits)


def vars_of(hit):
    return {name: getattr(hit, name) for name in ("ref", "kind", "id", "start", "end", "strength")}


@pytest.mark.parametrize("file", ["corpus.jsonl", "corpus.parquet"])
def test_all_that_was_planted_is_found_and_no_trap(corpus, known, file):
    result = judged(corpus, known, file)
    assert result.planted > 800
    assert not result.missed
    assert not result.inexact
    assert not result.false_structured
    assert result.false_strong == 0
