"""The proposed change: what a decision does to the data, beside the places it rests on.

It tells what the look-up has kept; whole texts are read only when the manifest is made.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from workflows.cases.models import Case, Item
from workflows.corpus.entries import REDACTION, Op
from workflows.corrections.instructions import operation_of
from workflows.corrections.item_changes import replacements_of
from workflows.corrections.manifests import OPS, matches_to_change, targets_of
from workflows.corrections.models import Instruction
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.vocabulary.outcomes import CHANGES_DATA


class Mismatch(StrEnum):
    """In what a proposed change does not fit the evidence."""

    UNJUDGED = "unjudged"
    WITHOUT_RECORD = "without_record"


@dataclass(frozen=True, slots=True)
class Passage:
    """What the look-up kept of a place; `after` is None where nothing is seen to change in it."""

    before: str
    after: str | None


@dataclass(slots=True)
class RecordChange:
    """A record that an item changes. `matches` are the places in it that were judged theirs."""

    item: Item
    op: Op
    snapshot: Snapshot
    matches: list[Match] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """The records that a decision changes, and how many places nobody has judged.

    `registered`: there are data in which the person could be looked for.
    """

    items: tuple[Item, ...]
    records: tuple[RecordChange, ...]
    places: int
    unjudged: int
    registered: bool

    @property
    def without_record(self) -> list[Item]:
        """The items for which no record is to be changed."""
        return [item for item in self.items if all(one.item != item for one in self.records)]

    @property
    def without_wording(self) -> list[Item]:
        """The items whose wording to be replaced stands in no passage that was kept."""
        own = [(item, [one for one in self.records if one.item == item]) for item in self.items]
        return [
            item
            for item, records in own
            if records
            and replacements_of(item)
            and all(one.op is Op.REPLACE for one in records)
            and not any(passage.after is not None for one in records for passage in one.passages)
        ]

    @property
    def mismatches(self) -> list[Mismatch]:
        """In what it does not fit the evidence, so that whoever approves it has to say why.

        Where no data are registered nothing could be found: the change is then made by hand.
        Wording that stands in no passage that was kept is none: it may stand elsewhere in a record.
        """
        found = {
            Mismatch.UNJUDGED: bool(self.unjudged),
            Mismatch.WITHOUT_RECORD: self.registered and bool(self.without_record),
        }
        return [mismatch for mismatch, holds in found.items() if holds]


def check_approval(case: Case) -> list[Mismatch]:
    """Return in what the change that a case proposes does not fit the evidence."""
    change = proposed_change_of(case)
    return change.mismatches if change else []


def proposed_change_of(case: Case) -> ProposedChange | None:
    """Return what the outcomes of a case change in the data; None where none of them does."""
    items = tuple(item for item in case.items.all() if item.outcome in CHANGES_DATA)
    if not items:
        return None
    found: dict[tuple[object, ...], RecordChange] = {}
    targets = targets_of(case)
    for item in items:
        op = OPS[Instruction.Operation(operation_of(item))]
        for target in targets:
            for match in matches_to_change(case, op, target):
                place = (item.pk, target.pk, match.file, str(match.record), match.position)
                record = found.setdefault(place, RecordChange(item, op, target))
                record.matches.append(match)
                passage = passage_of(op, match.excerpt, replacements_of(item))
                if passage not in record.passages:
                    record.passages.append(passage)
    records = tuple(found.values())
    unjudged = case.matches.filter(verdict__in=("", Match.Verdict.UNSURE)).exclude(
        snapshot__state=Snapshot.State.PURGED
    )
    places = len({match.pk for record in records for match in record.matches})
    registered = Snapshot.objects.exclude(state=Snapshot.State.PURGED).exists()
    return ProposedChange(items, records, places, unjudged.count(), registered)


def passage_of(op: Op, excerpt: dict[str, str], pairs: list[tuple[str, str]]) -> Passage:
    """Return a passage as it is and as it will be. Pure."""
    before = excerpt["before"] + excerpt["hit"] + excerpt["after"]
    if op is Op.DELETE:
        return Passage(before, "")
    if op is Op.REDACT:
        return Passage(before, excerpt["before"] + REDACTION + excerpt["after"])
    after = before
    for wrong, right in pairs:
        if right not in before:  # what was corrected before may hold the wrong text
            after = after.replace(wrong, right)
    return Passage(before, after if after != before else None)
