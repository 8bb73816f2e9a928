"""What the tests of the look-up share: one invented person, and a look at one text."""

import json
from typing import Any

from workflows.corpus.columns import Column
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.match.scan import findings
from workflows.corpus.values import Hit, hits_from_findings, read_persons

WANG: dict[str, Any] = {
    "ref": "wang",
    "names": ["王小明"],
    "emails": ["wang.xm_7@mail.example.com"],
    "phones": ["+8613800138025"],
    "ids": ["11010519491231002X"],
    "handles": ["wang_xm"],
    "urls": ["https://weibo.com/u/12345678"],
}


def patterns(*persons: dict[str, Any]) -> Patterns:
    return Patterns(read_persons(json.dumps(person) for person in persons))


def hits(text: str, known: Patterns) -> list[Hit]:
    """Return the hits in one text, in order."""
    found = findings(Column.of_texts("text", [text]), known)
    return sorted(
        (hit for _row, places in found for hit in hits_from_findings(places, file="f", record=1)),
        key=lambda hit: hit.start,
    )


def found(text: str, known: Patterns) -> list[tuple[str, str]]:
    """Return kind and exact spelling of each hit in one text."""
    return [(str(hit.kind), text[hit.start : hit.end]) for hit in hits(text, known)]
