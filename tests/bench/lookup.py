"""The pass over an invented corpus and over real text: speed, recall, precision, memory; ripgrep beside it.

    .venv/bin/python tests/bench/lookup.py [BEFORE] [--megabytes 200] [--persons 1000] [--processes 2] [--rounds 3]

BEFORE is another working tree, which is measured in turn with this one. Both corpora are made with a
seed and kept in the folder of temporary files; in both the same persons, homonyms and near misses are
planted. The real text is what Debian packages ship, and its first file is JSON in which all but ASCII
is escaped; where no package can be downloaded, the invented corpus is measured alone.

GB/s are bytes of JSONL, or of texts in Parquet, a second of the pass alone; CPU is seconds of all
processes a gigabyte, start and compiling left out. ripgrep searches the same JSONL for the exact
identifiers of all persons (`-F -f`, up to 4,000), with as many threads.
"""

import argparse
import hashlib
import json
import multiprocessing
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from tests.corpus.judgement import Judgement, judge  # noqa: E402
from tests.corpus.real_text import RealText, TextUnavailable  # noqa: E402
from tests.corpus.real_text import read as read_real_text  # noqa: E402
from workflows.samples.corpora import generator  # noqa: E402

SEED = 20260901
PART = 60_000_000
TEMPORARY = Path(tempfile.gettempdir())
# Identifiers of one kind that ripgrep is given for each person: name, e-mail, phone, number.
PLAIN = ("names", "emails", "phones", "ids")


@dataclass(frozen=True)
class Corpus:
    """Where everything lies. `size` is the bytes of JSONL."""

    name: str
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


def make(megabytes: int, most_persons: int, text: RealText | None) -> Corpus:
    """Make the corpus, unless it is there; the persons of the look-up are the first of these.

    Without a text it is invented.
    """
    name = "invented"
    if text is not None:
        name = f"real-{hashlib.sha256(repr(text).encode()).hexdigest()[:8]}"
    folder = TEMPORARY / f"portal-bench-{name}-{megabytes}-{most_persons}-{SEED}"
    persons = generator.make_persons(most_persons, random.Random(SEED))
    corpus = Corpus(name.partition("-")[0], folder, persons)
    if not (folder / "complete").exists():
        for kind in ("jsonl", "parquet", "truth"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
        size = megabytes * 1_000_000
        parts = [(folder, n, min(PART, size - n * PART), text) for n in range(-(-size // PART))]
        with multiprocessing.Pool(2) as pool:
            pool.starmap(write_part, parts)
        (folder / "complete").touch()
    return corpus


def write_part(folder: Path, number: int, size: int, text: RealText | None) -> None:
    """Write one file of the corpus, in which the first 1,000 persons are planted."""
    persons = generator.make_persons(1000, random.Random(SEED))
    made = generator.records(
        persons,
        size,
        random.Random(SEED + number),
        prefix=f"r{number}-",
        pools=None if text is None else (text.chinese, text.english),
    )
    lines = folder / "jsonl" / f"{number:03}.jsonl"
    truth = folder / "truth" / f"{number:03}.jsonl"
    generator.write_jsonl(lines, made, truth, escaped=text is not None and number == 0)
    generator.write_parquet(lines, folder / "parquet" / f"{number:03}.parquet")


@dataclass
class Measured:
    """What several passes over the same files took."""

    speeds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    hits: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, label: str) -> None:
        """Print minimum, median and maximum."""
        speed, cpu = (
            " / ".join(f"{value:{form}}" for value in (min(row), statistics.median(row), max(row)))
            for row, form in ((self.speeds, ".3f"), (self.cpu, ".1f"))
        )
        sys.stdout.write(
            f"{label:<34} {speed} GB/s  CPU {cpu} s/GB  hits {self.figures['hits']:>6}  "
            f"compile {self.figures['compile_seconds']:>5} s  "
            f"peak {self.figures['peak_rss_mb']:>4} MB a process\n"
        )
        sys.stdout.flush()


@dataclass(frozen=True)
class Pass:
    """What is run: the pass of a working tree, for so many of the persons of a corpus."""

    tree: Path
    corpus: Corpus
    persons: int
    processes: int

    def over(self, data: Path) -> tuple[dict[str, str], float, list[dict[str, Any]]]:
        """Return its line of figures, the CPU seconds of all its processes, and the hits."""
        people, hits = self.corpus.folder / "persons.jsonl", self.corpus.folder / "hits.jsonl"
        generator.write_persons(people, self.corpus.persons[: self.persons])
        command = [
            *(sys.executable, "-m", "workflows.corpus.commands.locate", str(data)),
            *("--persons", str(people), "--out", str(hits), "--processes", str(self.processes)),
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = subprocess.run(command, cwd=self.tree, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with hits.open(encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        return dict(word.split("=") for word in answer.stdout.split()), cpu, found

    def start(self, data: Path) -> float:
        """Return the CPU seconds that are spent before anything is read: of a pass over a word.

        It is in the format of the data, whose library takes its time to load.
        """
        word = self.corpus.folder / "word.jsonl"
        word.write_text('{"id": "1", "text": "word"}\n', encoding="utf-8")
        if data == self.corpus.parquet:
            generator.write_parquet(word, word.with_suffix(".parquet"))
            word = word.with_suffix(".parquet")
        self.over(word)  # the kernel may have to be compiled first
        return self.over(word)[1]

    def add(self, data: Path, start: float, into: Measured) -> None:
        """Run once, and add what it takes."""
        into.figures, cpu, into.hits = self.over(data)
        into.speeds.append(float(into.figures["pass_gb_per_s"]))
        into.cpu.append((cpu - start) / int(into.figures["bytes"]) * 1e9)


def ripgrep(corpus: Corpus, persons: int, threads: int) -> tuple[float, int]:
    """Return the GB/s of ripgrep with the exact identifiers of all persons, and what it finds."""
    patterns = corpus.folder / "patterns.txt"
    exact = [person[name][0] for person in corpus.persons[:persons] for name in PLAIN]
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


def tell_quality(label: str, result: Judgement) -> None:
    """Print recall and precision."""
    wrong = sum(result.false_structured.values())
    sys.stdout.write(
        f"{label:<34} recall {result.recall:.2%} of {result.planted} planted spellings, "
        f"{result.exact / max(result.found, 1):.2%} of them with the exact span; "
        f"precision: structured {1 - wrong / max(result.structured, 1):.2%}, "
        f"strong {1 - result.false_strong / max(result.strong, 1):.2%}, "
        f"names {1 - result.false_names / max(result.names, 1):.2%}\n"
    )
    for missed, count in result.missed.most_common(10):
        sys.stdout.write(f"  missed {count:>4} × {missed}\n")
    for kind, count in result.false_structured.items():
        sys.stdout.write(f"  wrong  {count:>4} × {kind}\n")


def measure(corpus: Corpus, trees: dict[str, Path], options: argparse.Namespace) -> None:
    """Print what passes over one corpus take and find, each working tree in turn."""
    planted = {person["ref"] for person in corpus.persons[: options.persons]}
    truth = [line for line in corpus.truth() if line["ref"] in planted]
    sys.stdout.write(
        f"{corpus.name} text: {corpus.size / 1e9:.2f} GB of JSONL, {options.persons} persons, "
        f"{options.processes} processes\n"
    )
    passes = {
        label: Pass(tree, corpus, options.persons, options.processes)
        for label, tree in trees.items()
    }
    found = 0
    for form, data in (("JSONL", corpus.jsonl), ("Parquet", corpus.parquet)):
        starts = {label: one.start(data) for label, one in passes.items()}
        measured = {label: Measured() for label in trees}
        for _round in range(options.rounds):
            for label, one in passes.items():
                one.add(data, starts[label], measured[label])
        for label, taken in measured.items():
            name = f"{corpus.name}, {form}, {label}"
            taken.tell(name)
            result = judge(truth, taken.hits)
            tell_quality(name, result)
            found = result.found
    for persons in options.others:
        one, taken = Pass(PROJECT, corpus, persons, options.processes), Measured()
        one.add(corpus.jsonl, one.start(corpus.jsonl), taken)
        taken.tell(f"{corpus.name}, JSONL, {persons} persons")
    speed, matches = ripgrep(corpus, options.persons, options.processes)
    sys.stdout.write(
        f"{corpus.name}, ripgrep -F -f, {len(PLAIN) * options.persons} identifiers: "
        f"{speed:.3f} GB/s, {matches} matches; we find {found / max(matches, 1):.1f} × as much\n\n"
    )


def real_text() -> RealText | None:
    """Return what the packages ship; None, after saying so, where none can be had."""
    try:
        text = read_real_text(TEMPORARY / "portal-bench-packages")
    except TextUnavailable as error:
        sys.stdout.write(f"{error} Only the invented corpus is measured.\n")
        return None
    if text.missing:
        sys.stdout.write(f"Without {', '.join(text.missing)}, which cannot be downloaded here.\n")
    return text


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, nargs="?", help="another working tree")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--persons", type=int, default=1000)
    parser.add_argument("--others", type=int, nargs="*", default=[100, 4000])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpora", nargs="*", default=["invented", "real"])
    return parser.parse_args(arguments)


def main() -> None:
    """Print the passes over both corpora, then their quality, then ripgrep."""
    options = parse_options()
    trees = {} if options.before is None else {"before": options.before.resolve()}
    trees["now"] = PROJECT
    texts: list[RealText | None] = [None] if "invented" in options.corpora else []
    if "real" in options.corpora and (text := real_text()) is not None:
        texts.append(text)
    most = max(options.persons, *options.others, 1000)
    for text in texts:
        measure(make(options.megabytes, most, text), trees, options)


if __name__ == "__main__":
    main()
