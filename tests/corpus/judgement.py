"""Compares a file of hits with the truth of an invented corpus."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Line = dict[str, Any]


@dataclass
class Judgement:
    """What was found of what was planted, and what was found beside it."""

    planted: int = 0
    found: int = 0
    exact: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    inexact: Counter[str] = field(default_factory=Counter)
    structured: int = 0
    false_structured: Counter[str] = field(default_factory=Counter)
    strong: int = 0
    false_strong: int = 0
    names: int = 0
    false_names: int = 0

    @property
    def recall(self) -> float:
        """Return the share of planted spellings that were found."""
        return self.found / self.planted


def judge(truth: Iterable[Line], hits: Iterable[Line]) -> Judgement:
    """Match hits with planted spellings of the same person and kind that they overlap."""
    planted: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in truth:
        if "trap" not in line:
            planted[line["id"], line["ref"], line["kind"]].append(line)
    mentioned = {(record, ref) for record, ref, _kind in planted}
    result = Judgement()
    found: dict[tuple[str, int], Line] = {}
    for hit in hits:
        matching = [
            line
            for line in planted.get((hit["id"], hit["ref"], hit["kind"]), [])
            if line["start"] < hit["end"] and hit["start"] < line["end"]
        ]
        found |= {(line["id"], line["start"]): hit for line in matching}
        _count_hit(result, hit, right=bool(matching), about=(hit["id"], hit["ref"]) in mentioned)
    for lines in planted.values():
        for line in lines:
            _count_planted(result, line, found.get((line["id"], line["start"])))
    return result


def _count_hit(result: Judgement, hit: Line, *, right: bool, about: bool) -> None:
    if hit["kind"] == "name":
        result.names += 1
        result.false_names += not right
    else:
        result.structured += 1
        if not right:
            result.false_structured[hit["kind"]] += 1
    if hit["strength"] == "strong":
        result.strong += 1
        result.false_strong += not about


def _count_planted(result: Judgement, line: Line, hit: Line | None) -> None:
    name = f"{line['kind']}: {line['spelling']}"
    result.planted += 1
    if hit is None:
        result.missed[name] += 1
        return
    result.found += 1
    if (hit["start"], hit["end"]) == (line["start"], line["end"]):
        result.exact += 1
    else:
        result.inexact[name] += 1
