"""Compares a file of hits with the truth of an invented corpus."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STRUCTURED = {"email", "phone", "id", "url", "handle"}


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


def judge(truth: Iterable[dict[str, Any]], hits: Iterable[dict[str, Any]]) -> Judgement:
    """Match hits with planted spellings of the same person and kind that they overlap."""
    planted: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in truth:
        if "trap" not in line:
            planted[line["id"], line["ref"], line["kind"]].append(line)
    result = Judgement()
    found: dict[tuple[str, int], dict[str, Any]] = {}
    mentioned = {(line_id, ref) for line_id, ref, _kind in planted}
    for hit in hits:
        kind = hit["kind"]
        matching = [
            line
            for line in planted.get((hit["id"], hit["ref"], kind), [])
            if line["start"] < hit["end"] and hit["start"] < line["end"]
        ]
        for line in matching:
            found[line["id"], line["start"]] = hit
        result.structured += kind in STRUCTURED
        result.names += kind == "name"
        if not matching and kind in STRUCTURED:
            result.false_structured[kind] += 1
        if hit["strength"] == "strong":
            result.strong += 1
            result.false_strong += (hit["id"], hit["ref"]) not in mentioned
        elif not matching and kind == "name":
            result.false_names += 1
    for lines in planted.values():
        for line in lines:
            result.planted += 1
            name = f"{line['kind']}: {line['spelling']}"
            hit = found.get((line["id"], line["start"]))
            if hit is None:
                result.missed[name] += 1
                continue
            result.found += 1
            if (hit["start"], hit["end"]) == (line["start"], line["end"]):
                result.exact += 1
            else:
                result.inexact[name] += 1
    return result


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a JSONL file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
