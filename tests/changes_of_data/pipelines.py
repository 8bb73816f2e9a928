"""Pipelines that carry a manifest out as they should, or do less, more, or something else."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from tests.changes_of_data import corpus
from tests.changes_of_data.corpus import CUT, Content, Piece

Choose = Callable[[Sequence[Any]], Any]
Entry = dict[str, Any]

# What they do; each of them may also number the records anew.
HONEST = "honest"
PIPELINES = (
    HONEST,
    "does nothing",
    "forgets a record",
    "drops another record",
    "forgets one and drops another",
    "deletes a namesake instead",
    "changes a namesake, too",
    "does half",
    "gives unrelated data",
    "names another version",
    "refuses",
)  # fmt: skip
WITHOUT_A_VERSION = frozenset({"names another version", "refuses"})
# Of what was to go something stands in what comes out of these, or nothing is what it was.
DO_LESS = frozenset({"does nothing", "forgets a record", "does half", "gives unrelated data"})
# These drop or change records that no entry is about.
CHANGE_OTHERS = frozenset(
    {
        "drops another record",
        "forgets one and drops another",
        "deletes a namesake instead",
        "changes a namesake, too",
    }
)


def carried_out(
    entries: Sequence[Entry], texts: dict[str, str], content: Content, *, is_text: bool
) -> Content:
    """Return what becomes of records by the entries of a manifest, as its note says."""
    by_place: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_place[entry["file"], entry["row"]].append(entry)
    if is_text:
        return {
            file: corpus.from_document(
                _edited(corpus.as_document(rows), by_place.get((file, 0), []), texts)
            )
            for file, rows in content.items()
        }
    made: Content = {}
    for file, rows in content.items():
        made[file] = []
        for number, row in enumerate(rows):
            own = by_place.get((file, number), [])
            if not any(entry["op"] == "delete" for entry in own):
                made[file].append(replace(row, text=_edited(row.text, own, texts)))
    return made


def _edited(text: str, entries: Sequence[Entry], texts: dict[str, str]) -> str:
    if not entries:
        return text
    assert {entry["sha256_before"] for entry in entries} == {corpus.digest(text)}
    became = text
    for start, end, words in reversed(_edits(entries, texts)):
        became = became[:start] + words + became[end:]
    return became


def _edits(entries: Sequence[Entry], texts: dict[str, str]) -> list[tuple[int, int, str]]:
    """Return what is to be written where; overlapping redactions are one."""
    found: list[tuple[int, int, str]] = []
    spans = sorted(
        {
            (entry["start"], entry["end"], texts.get(entry["replacement_ref"], CUT))
            for entry in entries
        }
    )
    for start, end, words in spans:
        if found and start < found[-1][1]:
            first, last, _words = found.pop()
            found.append((first, max(last, end), CUT))
        else:
            found.append((start, end, words))
    return found


def in_table(entries: Sequence[Entry], rows: Sequence[Piece]) -> list[Entry]:
    """Return entries with the numbers of their rows among these; a table has none."""
    return [
        {**entry, "row": number}
        for entry in entries
        for number, row in enumerate(rows)
        if str(row.id) == str(entry["id"]) and corpus.digest(row.text) == entry["sha256_before"]
    ]


def entries_of(jsonl: bytes) -> list[Entry]:
    """Return the entries of a manifest as pipelines read them."""
    return [json.loads(line) for line in jsonl.splitlines()]


def by_pipeline(
    how: str,
    entries: list[Entry],
    texts: dict[str, str],
    content: Content,
    choose: Choose,
    *,
    is_text: bool,
    told_apart: bool,
) -> Content:
    """Return what comes out of a pipeline; `told_apart` says that each record has and keeps its id."""
    whole = entries
    if how == "does nothing":
        entries = []
    elif how == "does half" or how.startswith(("forgets", "deletes")):
        places = sorted({_place(entry, is_text=is_text) for entry in entries})
        left = places[len(places) // 2 :] if how == "does half" else places and [choose(places)]
        entries = [entry for entry in entries if _place(entry, is_text=is_text) not in left]
    made = carried_out(entries, texts, content, is_text=is_text)
    if how in CHANGE_OTHERS:
        gone = set() if told_apart else {entry["sha256_before"] for entry in whole}
        _change_another(how, made, choose, gone)
    return made


def _place(entry: Entry, *, is_text: bool) -> tuple[str, int]:
    """Return in which record an entry is, or where in a document."""
    return entry["file"], entry["start"] if is_text else entry["row"]


def _change_another(how: str, made: Content, choose: Choose, gone: Collection[str]) -> None:
    """Drop or change a record that no entry is about.

    Not one with the text of a record that was to go, where no id tells them apart: what comes out
    is then the same as if all had been done.
    """
    places = [
        (file, number)
        for file, rows in made.items()
        for number in range(len(rows))
        if corpus.digest(rows[number].text) not in gone
    ]
    if "namesake" in how:
        places = [
            (file, number)
            for file, number in places
            if "王小明" in made[file][number].text or "李小红" in made[file][number].text
        ]
    if not places:
        return
    file, number = choose(places)
    if how == "changes a namesake, too":
        row = made[file][number]
        text = row.text.replace("王小明", CUT, 1) if "王小明" in row.text else CUT
        made[file][number] = replace(row, text=text)
    else:
        del made[file][number]


def renumbered(content: Content, how: str) -> Content:
    """Return records with other ids: a count from a million, or one that begins anew."""
    number, made = {"fresh": 1_000_000, "counted anew": 0}[how], {}
    for file, rows in content.items():
        made[file] = [replace(row, id=str(number + place)) for place, row in enumerate(rows)]
        number += len(rows)
    return made
