"""What the register and the look-ups add to an answer: datasets, sources, models, recipients."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.cases.models import Case, Item
from workflows.corrections.changes import Change, changes_of, joined, told
from workflows.corrections.models import Manifest
from workflows.corrections.recipients_told import recipients_informed
from workflows.datasets.models import Recipient, Snapshot
from workflows.lookups.findings import SnapshotFinding, findings_of
from workflows.lookups.models import Match
from workflows.lookups.training import affected_models, next_step
from workflows.notices.answers import answer_source
from workflows.notices.document import Bullets, Paragraph, Value
from workflows.notices.kinds import placeholders_of
from workflows.vocabulary.outcomes import CHANGES_DATA, ScopeResult

# So many places are named to the person; all are counted.
SOURCES_NAMED = 20


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
    told_here = placeholders_of(kind) if found else frozenset()
    if "source_of_data" in told_here:
        values["source_of_data"] = _sources(case, found)
    if "recipients" in told_here:
        values["recipients"] = _recipients(found)
    if "categories" in told_here:
        values["categories"] = _categories(found)
    return values


def _came_out(finding: SnapshotFinding, changes: Mapping[int, Change]) -> bool:
    change = changes.get(finding.snapshot.pk)
    return change is not None and finding.snapshot.pk in change.came_out


def _dataset(finding: SnapshotFinding, items: tuple[Item, ...], change: Change | None) -> str:
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
    sentences = [told(items, change)] if finding.found else []
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


def _sources(case: Case, found: Iterable[SnapshotFinding]) -> tuple[Bullets | Paragraph, ...]:
    """Return where the datasets come from, and the places at which the person was found."""
    origins = {f.snapshot.dataset.name: f.snapshot.dataset.origin for f in found}
    nodes: list[Bullets | Paragraph] = [
        Bullets(
            tuple(
                _("%(dataset)s: %(origin)s") % {"dataset": name, "origin": origin}
                for name, origin in origins.items()
            )
        )
    ]
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


def _recipients(found: Iterable[SnapshotFinding]) -> Value:
    datasets = {finding.snapshot.dataset_id for finding in found}
    names = Recipient.objects.filter(dataset__in=datasets).values_list("name", flat=True)
    return (Bullets(tuple(dict.fromkeys(names))),) if names else ""


def _categories(found: Iterable[SnapshotFinding]) -> Value:
    types = dict.fromkeys(f.snapshot.dataset.types for f in found if f.snapshot.dataset.types)
    return (Bullets(tuple(types)),) if types else ""
