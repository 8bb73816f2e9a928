"""What was done for a case to the snapshots where the person was found, as an answer tells it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.cases.models import Case, Item
from workflows.corpus.entries import Op
from workflows.corrections.families import family, line_of
from workflows.corrections.manifests import OPS, entries_of, was_compared, was_rescanned
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.services import operation_of
from workflows.datasets.models import Snapshot
from workflows.vault.crypto import Shredded
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome

# Outcomes after which the data of a snapshot stay as they are.
_STAYS = frozenset(
    {Outcome.PROCESSING_STOPPED, Outcome.SUPPRESSED_IN_OUTPUT, Outcome.QUEUED_FOR_RETRAINING}
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a case has changed in one family of snapshots. `records` counts them by operation.

    `manifests` are those of the case, oldest first; `came_out` are the ids of the snapshots which
    were made from the first that was changed.
    """

    manifests: tuple[Manifest, ...]
    records: Mapping[Op, int]
    came_out: frozenset[int]

    @property
    def last(self) -> Manifest:
        """The manifest that says how the matter stands."""
        return self.manifests[-1]


def changes_of(case: Case) -> dict[int, Change]:
    """Return by the id of every snapshot concerned what was changed there for a case."""
    # One that was withdrawn has changed nothing, and nothing will be changed by it.
    manifests = (
        Manifest.objects.filter(instructions__item__case=case)
        .exclude(state=Manifest.State.WITHDRAWN)
        .distinct()
    )
    in_order = list(manifests.select_related("snapshot", "result", "data_key").order_by("made_at"))
    families: dict[int, list[Snapshot]] = {}
    by_first: dict[int, list[Manifest]] = defaultdict(list)
    changed = {manifest.snapshot_id for manifest in in_order}
    for manifest in in_order:
        first = next(pk for pk in reversed(line_of(manifest.snapshot)) if pk in changed)
        by_first[first].append(manifest)
        families.setdefault(first, family(manifest.snapshot))
    changes: dict[int, Change] = {}
    for first, own in by_first.items():
        made = {first, *(manifest.result_id for manifest in own)}
        came_out = frozenset(
            member.pk for member in families[first] if made.intersection(line_of(member))
        ) - {first}
        change = Change(tuple(own), _records(case, own), came_out)
        changes |= dict.fromkeys((first, *came_out), change)
    return changes


def came_out_for(case: Case) -> frozenset[int]:
    """Return the ids of the snapshots that came out of changes for a case."""
    made = Manifest.objects.filter(instructions__item__case=case).exclude(result=None)
    return frozenset(made.values_list("result", flat=True))


def _records(case: Case, manifests: Collection[Manifest]) -> Counter[Op]:
    """Count the records that were to be changed; none where a manifest can be read no more."""
    found = set()
    for manifest in manifests:
        try:
            entries = entries_of(manifest)
        except Shredded:  # another case of the same manifest was erased
            return Counter()
        found |= {
            (entry.op, entry.file, entry.id if entry.id is not None else entry.row)
            for entry in entries
            if entry.case_pseudonym == str(case.pseudonym)
        }
    return Counter(op for op, _file, _record in found)


def told(items: tuple[Item, ...], change: Change | None) -> str:
    """Return in sentences what was done for some items in a snapshot where the person was found."""
    changing = [item for item in items if item.outcome in CHANGES_DATA]
    sentences = []
    if changing and change is not None and not (was_left(change) and _by_hand(changing)):
        sentences = list(_of_change(change, {_op(item) for item in changing}))
    elif changing and _by_hand(changing):
        sentences = [_("It was changed by hand, and the change was checked.")]
    stays = dict.fromkeys(item.outcome_label for item in items if item.outcome in _STAYS)
    if stays:
        why = ", ".join(stays)
        sentences.append(_("What was found stays in it: %(why)s.") % {"why": why})
    return joined(sentences)


def was_left(change: Change) -> bool:
    """Return whether the last search found something, which was then dealt with another way."""
    return change.last.state == Manifest.State.LEFT


def joined(sentences: Collection[str]) -> str:
    """Return sentences one after the other, as the language sets them."""
    text = ""
    for sentence in sentences:
        both = {"sentences": text, "sentence": sentence}
        text = _("%(sentences)s %(sentence)s") % both if text else sentence
    return text


def _op(item: Item) -> Op:
    return OPS[Instruction.Operation(operation_of(item))]


def _by_hand(items: Collection[Item]) -> bool:
    instructions = Instruction.objects.filter(item__in=items, manifests=None)
    return instructions.exclude(applied_at=None).exists()


def _of_change(change: Change, ops: set[Op]) -> Iterator[str]:
    last = change.last
    version = last.result.version if last.result is not None else ""
    match last.state:
        case Manifest.State.VERIFIED:
            yield from _counted(change.records, ops)
            yield _(
                "The changed version is %(version)s; it was searched again, and nothing is left."
            ) % {"version": version}
        case Manifest.State.LEFT if not was_rescanned(last):
            yield _("The changed version is %(version)s; it could not be searched yet.") % {
                "version": version
            }
        case Manifest.State.LEFT if not was_compared(last):
            yield _(
                "The changed version is %(version)s; it could not be compared with the version "
                "before."
            ) % {"version": version}
        case Manifest.State.LEFT:
            # What is left may be a missing record or correction, and no place of the person.
            yield _(
                "The changed version is %(version)s; it was searched again, and the change is not "
                "complete yet."
            ) % {"version": version}
        case Manifest.State.REFUSED:
            yield _("The change could not be made in this version, which is as it was.")
        case _:
            yield _("The change is under way.")


def _counted(records: Mapping[Op, int], ops: set[Op]) -> Iterator[str]:
    if Op.DELETE in ops and (n := records.get(Op.DELETE, 0)):
        yield ngettext("%(n)s record was taken out.", "%(n)s records were taken out.", n) % {"n": n}
    # In plain text a deletion takes paragraphs out, and leaves a mark where they stood.
    if ops & {Op.REDACT, Op.DELETE} and (n := records.get(Op.REDACT, 0)):
        yield ngettext(
            "In %(n)s record what points to you was made unreadable.",
            "In %(n)s records what points to you was made unreadable.",
            n,
        ) % {"n": n}
    if n := records.get(Op.REPLACE, 0):
        yield (
            ngettext(
                "In %(n)s record the wrong text was corrected.",
                "In %(n)s records the wrong text was corrected.",
                n,
            )
            if Op.REPLACE in ops
            else ngettext(
                "%(n)s record stays, because it was corrected as you asked.",
                "%(n)s records stay, because they were corrected as you asked.",
                n,
            )
        ) % {"n": n}
