"""What an answer says of data: datasets, sources, models, what was changed, who was told."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from workflows.cases.models import Case, Item
from workflows.corpus.entries import Op
from workflows.corrections.instructions import operation_of
from workflows.corrections.lineage import line_of, related_versions
from workflows.corrections.manifests import OPS, entries_of, was_compared, was_rescanned
from workflows.corrections.models import Instruction, Manifest, RecipientNotice
from workflows.datasets.models import Dataset, Recipient, Snapshot
from workflows.lookups.findings import SnapshotFinding, affected_models, findings_of, next_step
from workflows.lookups.models import Match
from workflows.notices.answers import answer_source
from workflows.notices.document import Bullets, Node, Paragraph, Unknown, Value, as_nodes
from workflows.notices.facts import tells_of_data
from workflows.notices.kinds import placeholders_of
from workflows.vault.crypto import Shredded
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome, ScopeResult
from workflows.vocabulary.places import place_name

# Outcomes after which the data of a snapshot stay as they are.
_STAYS = frozenset(
    {Outcome.PROCESSING_STOPPED, Outcome.SUPPRESSED_IN_OUTPUT, Outcome.QUEUED_FOR_RETRAINING}
)


# What an answer tells from the register: the placeholder, and the column of the dataset.
_TOLD = {
    "categories": "types",
    "legal_basis": "legal_basis",
    "purposes": "purposes",
    "retention": "retention",
    "source_of_data": "origin",
    "transfers": "transfers",
}
_OF_THE_REGISTER = frozenset({*_TOLD, "recipients"})

# So many places are named to the person; all are counted.
SOURCES_NAMED = 20


@dataclass(frozen=True, slots=True)
class DataChange:
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


def changes_of(case: Case) -> dict[int, DataChange]:
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
        families.setdefault(first, related_versions(manifest.snapshot))
    changes: dict[int, DataChange] = {}
    for first, own in by_first.items():
        made = {first, *(manifest.result_id for manifest in own)}
        came_out = frozenset(
            member.pk for member in families[first] if made.intersection(line_of(member))
        ) - {first}
        change = DataChange(tuple(own), _records(case, own), came_out)
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


def changes_in_words(items: tuple[Item, ...], change: DataChange | None) -> str:
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


def was_left(change: DataChange) -> bool:
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


def _of_change(change: DataChange, ops: set[Op]) -> Iterator[str]:
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


def notices_about(case: Case) -> list[RecipientNotice]:
    """Return which recipients are told of changes for a case, by name. One query."""
    notices = RecipientNotice.objects.filter(manifest__instructions__item__case=case)
    return list(
        notices.select_related("recipient", "manifest__snapshot__dataset")
        .distinct()
        .order_by("recipient__name", "made_at")
    )


def lines_about(case: Case) -> tuple[str, ...]:
    """Return a line for each recipient: whether it was told, and has confirmed."""
    return tuple(dict.fromkeys(_line(notice) for notice in notices_about(case)))


def recipients_informed(case: Case) -> tuple[Paragraph | Bullets, ...]:
    """Return whom the answer names as told of the change, in the active language."""
    lines = lines_about(case)
    if not lines:
        return ()
    return (Paragraph(_("They were passed on to:")), Bullets(lines))


def _line(notice: RecipientNotice) -> str:
    named = {"recipient": notice.recipient.name, "dataset": notice.manifest.snapshot.dataset.name}
    if notice.confirmed_at:
        named["day"] = _day(notice.confirmed_at)
        return _("%(recipient)s (%(dataset)s), who confirmed on %(day)s the same change") % named
    if notice.told_at:
        named["day"] = _day(notice.told_at)
        return _("%(recipient)s (%(dataset)s), who was told of the change on %(day)s") % named
    return _("%(recipient)s (%(dataset)s), who is being told of the change") % named


def _day(moment: datetime) -> str:
    return date_format(localdate(moment), "DATE_FORMAT")


@answer_source
def known_of(case: Case, kind: str, items: tuple[Item, ...]) -> Mapping[str, Value]:
    """Return what is known of the datasets in which the person was looked up, in their language.

    Only matches that staff judged to be theirs are told: a namesake's data are not the person's.
    A snapshot that came out of a change is told of where the change is, not as one more dataset.
    """
    changes = changes_of(case)
    findings = [
        finding
        for finding in findings_of(case, also=changes)
        if finding.found or not _came_out(finding, changes)
    ]
    found = [finding for finding in findings if finding.found]
    values: dict[str, Value] = {}
    if findings:
        lines = tuple(_dataset(f, items, changes.get(f.snapshot.pk)) for f in findings)
        values["datasets"] = (Bullets(lines), *_models(case), *recipients_informed(case))
    told_here = placeholders_of(kind)
    if "copy_of_data" in told_here and found and any(map(tells_of_data, items)):
        values["copy_of_data"] = _passages(case)
    if told_here & _OF_THE_REGISTER and any(map(tells_of_data, items)):
        values |= _from_the_register(case, items, found, told_here)
    return values


def _from_the_register(
    case: Case,
    items: tuple[Item, ...],
    found: Iterable[SnapshotFinding],
    told_here: Collection[str],
) -> dict[str, Value]:
    """Return what the register says of the datasets in which the person was found.

    Where it does not say all, the value names the dataset and what is to be filled in.
    """
    datasets = _datasets(items, found)
    if not datasets:
        nothing = Unknown(
            _(
                "The register knows no dataset in which the person was found: judge the matches, or"
                " register the dataset."
            )
        )
        return dict.fromkeys(_OF_THE_REGISTER & set(told_here), nothing)
    values: dict[str, Value] = {
        name: _told(datasets, field) for name, field in _TOLD.items() if name in told_here
    }
    if "source_of_data" in values:
        values["source_of_data"] = _sources(case, values["source_of_data"])
    if "recipients" in told_here:
        values["recipients"] = _recipients(datasets)
    return values


def _datasets(items: tuple[Item, ...], found: Iterable[SnapshotFinding]) -> list[Dataset]:
    """Return the datasets of which to tell: where matches were judged to be theirs.

    Else those of the places in which staff found the person. Who asks how data are processed is
    told of all.
    """
    theirs = {finding.snapshot.dataset.pk: finding.snapshot.dataset for finding in found}
    if theirs:
        return list(theirs.values())
    scopes = {
        scope
        for item in items
        for scope, result in item.scopes.items()
        if result == ScopeResult.FOUND
    }
    # Of one that was looked through, the matches say whether the person stands in it.
    named = list(Dataset.objects.filter(scope__in=scopes, snapshots=None))
    if not named and any(item.kind == ItemKind.EXPLAIN for item in items):
        return list(Dataset.objects.all())
    return named


def _told(datasets: Iterable[Dataset], field: str) -> Value:
    """Return what each dataset says of a field, in the active language."""
    language = get_language() or "en"
    lines = []
    for dataset in datasets:
        text = dataset.told(field, language)
        if not text:
            return _to_fill_in(dataset, field)
        lines.append(
            _("%(dataset)s: %(text)s")
            % {"dataset": dataset.name, "text": _("; ").join(text.splitlines())}
        )
    return (Bullets(tuple(dict.fromkeys(lines))),)


def _to_fill_in(dataset: Dataset, field: str) -> Unknown:
    named = {"dataset": dataset.name, "field": Dataset.column_name(field)}
    return Unknown(_("Fill in “%(field)s” of the dataset %(dataset)s in the register.") % named)


def _came_out(finding: SnapshotFinding, changes: Mapping[int, DataChange]) -> bool:
    change = changes.get(finding.snapshot.pk)
    return change is not None and finding.snapshot.pk in change.came_out


def _dataset(finding: SnapshotFinding, items: tuple[Item, ...], change: DataChange | None) -> str:
    snapshot = finding.snapshot
    match finding.result:
        case ScopeResult.FOUND:
            result = ngettext("found in %(n)s place", "found in %(n)s places", finding.found)
            result %= {"n": finding.found}
        case ScopeResult.SEARCHED:
            result = _("searched, nothing about you found")
        case _ if finding.searched and finding.not_kept:
            result = _("searched, but not all that was found has been looked at")
        case _:
            result = _("not searched")
    line = _("%(dataset)s, version %(version)s (%(scope)s): %(result)s") % {
        "dataset": snapshot.dataset.name,
        "version": snapshot.version,
        "scope": snapshot.dataset.get_scope_display(),
        "result": result,
    }
    sentences = [changes_in_words(items, change)] if finding.found else []
    if finding.not_kept and not (change and change.last.state == Manifest.State.VERIFIED):
        sentence = ngettext(
            "In %(n)s more place your name was found, and nobody has checked whether it is you.",
            "In %(n)s more places your name was found, and nobody has checked whether it is you.",
            finding.not_kept,
        )
        sentences.append(sentence % {"n": finding.not_kept})
    if snapshot.state == Snapshot.State.PURGED:
        sentences.append(_("This version exists no more."))
    done = joined([sentence for sentence in sentences if sentence])
    return _("%(line)s. %(done)s") % {"line": line, "done": done} if done else line


def _models(case: Case) -> tuple[Paragraph | Bullets, ...]:
    models = affected_models(case)
    if not models:
        return ()
    changed = case.items.filter(outcome__in=CHANGES_DATA).exists()
    lines = tuple(next_step(model, changed=changed) for model in models)
    return (Paragraph(_("Models that were trained on them:")), Bullets(lines))


def _passages(case: Case) -> tuple[Node, ...]:
    """Return the words about the person, place by place, with what identifies others masked."""
    theirs = Match.objects.filter(case=case, verdict=Match.Verdict.THEIRS)
    lines = dict.fromkeys(
        _("%(dataset)s: “%(words)s”")
        % {
            "dataset": match.snapshot.dataset.name,
            "words": "".join(match.excerpt.get(part, "") for part in ("before", "hit", "after")),
        }
        for match in theirs.select_related("snapshot__dataset", "case__data_key")
    )
    return (Bullets(tuple(lines)),)


def _sources(case: Case, origins: Value) -> Value:
    """Return where the datasets come from, and the places at which the person was found."""
    if not origins:
        return origins
    nodes: list[Node] = [*as_nodes(origins)]
    theirs = Match.objects.filter(case=case, verdict=Match.Verdict.THEIRS)
    places = dict.fromkeys(m.source for m in theirs.select_related("case__data_key") if m.source)
    if places:
        nodes += [
            Paragraph(_("You were found at:")),
            Bullets(tuple(list(places)[:SOURCES_NAMED])),
        ]
    if len(places) > SOURCES_NAMED:
        more = len(places) - SOURCES_NAMED
        sentence = ngettext("and %(n)s more place", "and %(n)s more places", more)
        nodes.append(Paragraph(sentence % {"n": more}))
    return tuple(nodes)


def _recipients(datasets: Collection[Dataset]) -> Value:
    """Return who was given the datasets: each recipient, and what the register says beside them."""
    language, lines = get_language() or "en", []
    rows = Recipient.objects.filter(dataset__in=datasets).order_by("name")
    by_dataset: dict[int, list[Recipient]] = defaultdict(list)
    for row in rows:
        by_dataset[row.dataset_id].append(row)
    for dataset in datasets:
        said = dataset.told("disclosed_to", language)
        if not said and not by_dataset[dataset.pk]:
            return _to_fill_in(dataset, "disclosed_to")
        if said:
            text = _("; ").join(said.splitlines())
            lines.append(_("%(dataset)s: %(text)s") % {"dataset": dataset.name, "text": text})
        lines += map(_recipient, by_dataset[dataset.pk])
    return (Bullets(tuple(dict.fromkeys(lines))),)


def _recipient(recipient: Recipient) -> str:
    """Return the name of a recipient, for what, where, and what protects the data there."""
    more = [
        recipient.purpose,
        place_name(recipient.country) if recipient.country else "",
        recipient.safeguard,
    ]
    known = _("; ").join(part for part in more if part)
    if not known:
        return recipient.name
    return _("%(recipient)s (%(known)s)") % {"recipient": recipient.name, "known": known}
