"""Building a search index, and looking one person up in it.

.venv/bin/python tests/bench/index.py [--megabytes 1000] [--look-ups 1000]
"""

import argparse
import shutil
import statistics
import sys
import time
from itertools import groupby
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from tests.bench.lookup import make  # noqa: E402
from workflows.datasets.corpus import generator  # noqa: E402
from workflows.datasets.lookup.index import PersonIndex, build  # noqa: E402
from workflows.datasets.lookup.persons import read_persons  # noqa: E402
from workflows.datasets.lookup.readers import Schema  # noqa: E402
from workflows.datasets.lookup.shards import shards  # noqa: E402


def main() -> None:
    """Print size and speed of the build, then the times of the look-ups and how much they find."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--look-ups", type=int, default=1000)
    options = parser.parse_args()
    corpus = make(options.megabytes, 1000)
    folder = corpus.folder / "index"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    began = time.perf_counter()
    for _figures in build(folder, shards(corpus.jsonl), Schema()):
        pass
    seconds = time.perf_counter() - began
    size = sum(file.stat().st_size for file in folder.iterdir())
    sys.stdout.write(
        f"index of {corpus.size / 1e9:.2f} GB built in {seconds:.0f} s "
        f"({corpus.size / seconds / 1e6:.0f} MB/s), {size / corpus.size:.2f} of its size\n"
    )
    people = corpus.folder / "persons.jsonl"
    generator.write_persons(people, corpus.persons[: options.look_ups])
    with people.open(encoding="utf-8") as lines:
        persons = [list(found) for _ref, found in groupby(read_persons(lines), lambda i: i.ref)]
    index = PersonIndex(folder)
    index.look_up(persons[0])
    times, found = [], set()
    for identifiers in persons:
        began = time.perf_counter()
        answer = index.look_up(identifiers)
        times.append((time.perf_counter() - began) * 1000)
        found |= {
            (hit.ref, hit.id, str(hit.kind)) for record in answer.found for hit in record.hits
        }
    wanted = {identifiers[0].ref for identifiers in persons}
    planted = {
        (line["ref"], line["id"], line["kind"])
        for line in corpus.truth()
        if "trap" not in line and line["ref"] in wanted
    }
    p95 = statistics.quantiles(times, n=20)[-1]
    sys.stdout.write(
        f"{len(times)} look-ups: p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, "
        f"most {max(times):.1f} ms; {len(planted & found) / len(planted):.2%} of what was planted\n"
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
