"""Whether staff may say that an instruction is carried out when a re-scan has left something."""

from collections import Counter

from workflows.corpus.entries import ManifestEntry, Op, Text
from workflows.corrections.lineage import is_searched, related_versions
from workflows.corrections.manifests import OPS, entries_of, not_corrected, texts_after
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.places import TextPlace, place_of, text_of
from workflows.datasets.models import Snapshot
from workflows.lookups.findings import not_kept_of
from workflows.lookups.models import Match
from workflows.vault.crypto import Shredded


def is_done_in(instruction: Instruction, snapshot: Snapshot) -> bool:
    """Return whether nothing is left to be done for an instruction in a snapshot.

    The case was looked up in all of it, all that was found was kept, and nothing is theirs, or may
    be, but what was corrected. Of a correction, nothing but what was corrected, or never held a
    wrong text: a text of which neither is known may hold what was to go.
    """
    case = instruction.item.case
    if not is_searched(case, snapshot) or snapshot.pk in not_kept_of(case):
        return False
    unclear = case.matches.filter(snapshot=snapshot, verdict__in=("", Match.Verdict.THEIRS))
    matches = list(unclear.select_related("case__data_key"))
    op = OPS[Instruction.Operation(instruction.operation)]
    if op is Op.REPLACE:
        right = _right_texts(instruction, snapshot)
        matches = [match for match in matches if text_of(match) not in right]
    elif op is Op.DELETE:
        matches = not_corrected(case, matches, snapshot)
    return not _without_others(matches, snapshot)


def _right_texts(instruction: Instruction, snapshot: Snapshot) -> set[Text]:
    """Return the texts in which nothing is left to be corrected for an instruction."""
    own = f"{instruction.pk}-"

    def own_of(entries: list[ManifestEntry]) -> list[ManifestEntry]:
        return [entry for entry in entries if entry.replacement_ref.startswith(own)]

    looked_at: set[Text] = set()
    wrong: set[Text] = set()
    for manifest in instruction.manifests.filter(state__in=Manifest.HAS_RESULT):
        try:
            entries, left_out = entries_of(manifest), manifest.left_out or []
        except Shredded:  # another of its cases was erased
            continue
        own_entries = own_of(entries)
        before = {(entry.field, entry.sha256_before) for entry in own_entries}
        wrong |= before
        unclear = {(place["id"], place["field"]) for place in left_out}
        # A text that the look-up reads otherwise than manifests do is known by its record alone.
        named = {(entry.id, entry.field) for entry in own_entries if entry.id is not None}
        theirs = instruction.item.case.matches.filter(
            snapshot=manifest.snapshot, verdict=Match.Verdict.THEIRS, text_sha256__isnull=False
        )
        for match in theirs.select_related("case__data_key"):
            place, text = (match.record, match.field), text_of(match)
            doubtful = place in unclear or (place in named and text not in before)
            (wrong if doubtful else looked_at).add(text)
    return texts_after(own_of, related_versions(snapshot), looked_at - wrong) - wrong


def _without_others(matches: list[Match], snapshot: Snapshot) -> list[Match]:
    """Leave out what nobody has judged but stands in an older version, as somebody else's alone."""
    waiting = [match for match in matches if not match.verdict and match.text_sha256]
    if not waiting:
        return matches
    known: Counter[TextPlace] = Counter()
    others: set[TextPlace] = set()
    for older in snapshot.ancestors():
        counts: Counter[TextPlace] = Counter()
        found = waiting[0].case.matches.filter(snapshot=older, text_sha256__isnull=False)
        for match in found.select_related("case__data_key"):
            if match.verdict == Match.Verdict.NOT_THEIRS:
                counts[place_of(match).alike] += 1
            else:
                others.add(place_of(match).alike)
        known |= counts
    left = [match for match in matches if match.verdict or not match.text_sha256]
    for match in waiting:
        place = place_of(match).alike
        if place in others or known[place] <= 0:
            left.append(match)
        known[place] -= 1
    return left
