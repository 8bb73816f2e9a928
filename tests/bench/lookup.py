"""The pass over an invented corpus: speed, recall, precision, memory; ripgrep beside it.

    .venv/bin/python tests/bench/lookup.py [--megabytes 1080] [--persons 1000] [--processes 2]

ripgrep searches the same JSONL for the exact identifiers of all persons (`-F -f`, up to 4,000),
with as many threads. The corpus is made with a seed and kept in the folder of temporary files.
"""

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from tests.corpus.judgement import judge  # noqa: E402
from workflows.samples.corpora import generator  # noqa: E402

SEED = 20260901
PART = 60_000_000
# Identifiers of one kind that ripgrep is given for each person: name, e-mail, phone, number.
PLAIN = ("names", "emails", "phones", "ids")


@dataclass(frozen=True)
class Corpus:
    """Where everything lies. `size` is the bytes of JSONL."""

    folder: Path
    persons: list[dict[str, Any]]

    @property
    def jsonl(self) -> Path:
        return self.folder / "jsonl"

    @property
    def parquet(self) -> Path:
        return self.folder / "parquet"

    @property
    def size(self) -> int:
        return sum(file.stat().st_size for file in self.jsonl.iterdir())

    def truth(self) -> list[dict[str, Any]]:
        files = sorted((self.folder / "truth").iterdir())
        return [line for file in files for line in generator.read_truth(file)]


def make(megabytes: int, most_persons: int) -> Corpus:
    """Make the corpus, unless it is there; the persons of the look-up are the first of these."""
    folder = Path(tempfile.gettempdir()) / f"portal-bench-{megabytes}-{most_persons}-{SEED}"
    persons = generator.make_persons(most_persons, random.Random(SEED))
    corpus = Corpus(folder, persons)
    if not (folder / "complete").exists():
        for name in ("jsonl", "parquet", "truth"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        size = megabytes * 1_000_000
        parts = [(folder, n, min(PART, size - n * PART)) for n in range(-(-size // PART))]
        with multiprocessing.Pool(2) as pool:
            pool.starmap(write_part, parts)
        (folder / "complete").touch()
    return corpus


def write_part(folder: Path, number: int, size: int) -> None:
    """Write one file of the corpus, in which the first 1,000 persons are planted."""
    persons = generator.make_persons(1000, random.Random(SEED))
    made = generator.records(persons, size, random.Random(SEED + number), prefix=f"r{number}-")
    lines = folder / "jsonl" / f"{number:03}.jsonl"
    generator.write_jsonl(lines, made, folder / "truth" / f"{number:03}.jsonl")
    generator.write_parquet(lines, folder / "parquet" / f"{number:03}.parquet")


def look_up(
    corpus: Corpus, data: Path, persons: int, processes: int
) -> tuple[dict[str, str], Path]:
    """Run `manage.py locate` and return its line of figures, and where its hits are."""
    people, hits = corpus.folder / "persons.jsonl", corpus.folder / "hits.jsonl"
    generator.write_persons(people, corpus.persons[:persons])
    command = [
        *(sys.executable, "manage.py", "locate", str(data)),
        *("--persons", str(people), "--out", str(hits), "--processes", str(processes)),
    ]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return dict(word.split("=") for word in answer.stdout.split()), hits


def ripgrep(corpus: Corpus, persons: int, threads: int) -> tuple[float, int]:
    """Return the GB/s of ripgrep with the exact identifiers of all persons, and what it finds."""
    patterns = corpus.folder / "patterns.txt"
    exact = [person[field][0] for person in corpus.persons[:persons] for field in PLAIN]
    patterns.write_text("\n".join(exact) + "\n", encoding="utf-8")
    began = time.perf_counter()
    answer = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "rg"), "-F", "-f", str(patterns), "-o"),
            *("--no-filename", "--no-heading", "--threads", str(threads), str(corpus.jsonl)),
        ],
        capture_output=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    return corpus.size / seconds / 1e9, answer.stdout.count(b"\n")


def tell(label: str, figures: dict[str, str]) -> None:
    """Print the figures of one pass."""
    sys.stdout.write(
        f"{label:<24} {figures['gb_per_s']:>6} GB/s  "
        f"pass alone {figures['pass_gb_per_s']:>6} GB/s  hits {figures['hits']:>6}  "
        f"compile {figures['compile_seconds']:>5} s  "
        f"peak {figures['peak_rss_mb']:>4} MB a process\n"
    )


def main() -> None:
    """Print a line for each pass, then quality, then ripgrep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1080)
    parser.add_argument("--persons", type=int, default=1000)
    parser.add_argument("--others", type=int, nargs="*", default=[100, 4000])
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    corpus = make(options.megabytes, max(options.persons, *options.others, 1000))
    sys.stdout.write(f"corpus {corpus.size / 1e9:.2f} GB of JSONL, {options.processes} processes\n")
    figures, hits = look_up(corpus, corpus.jsonl, options.persons, options.processes)
    tell(f"JSONL, {options.persons} persons", figures)
    planted = {person["ref"] for person in corpus.persons[: options.persons]}
    truth = [line for line in corpus.truth() if line["ref"] in planted]
    with hits.open(encoding="utf-8") as lines:
        result = judge(truth, (json.loads(line) for line in lines))
    speed = float(figures["gb_per_s"])
    figures, _hits = look_up(corpus, corpus.parquet, options.persons, options.processes)
    tell(f"Parquet, {options.persons} persons", figures)
    for persons in options.others:
        figures, _hits = look_up(corpus, corpus.jsonl, persons, options.processes)
        tell(f"JSONL, {persons} persons", figures)
    wrong = sum(result.false_structured.values())
    sys.stdout.write(
        f"recall {result.recall:.2%} of {result.planted} planted spellings, "
        f"{result.exact / max(result.found, 1):.2%} of them with the exact span\n"
        f"precision: structured {1 - wrong / max(result.structured, 1):.2%}, "
        f"strong {1 - result.false_strong / max(result.strong, 1):.2%}, "
        f"names {1 - result.false_names / max(result.names, 1):.2%}\n"
    )
    for missed, count in result.missed.most_common(10):
        sys.stdout.write(f"  missed {count:>4} × {missed}\n")
    for kind, count in result.false_structured.items():
        sys.stdout.write(f"  wrong  {count:>4} × {kind}\n")
    yardstick, found = ripgrep(corpus, options.persons, options.processes)
    sys.stdout.write(
        f"ripgrep -F -f, {4 * options.persons} identifiers    {yardstick:6.3f} GB/s  "
        f"matches {found}; we are {speed / yardstick:.1f} × as fast and find "
        f"{result.found / max(found, 1):.1f} × as much\n"
    )


if __name__ == "__main__":
    main()
