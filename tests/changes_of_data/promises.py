"""What must hold after each step of a model of changes in the data.

Each promise looks at the bytes and rows as they lie there, by the marks of the records, and at what
the portal says of them.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.changes_of_data import corpus
from tests.changes_of_data.corpus import CUT, Content, Piece
from tests.changes_of_data.world import World
from workflows.cases.models import Case
from workflows.corrections.models import Instruction, Manifest
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.outbox.models import Effect
from workflows.vocabulary.outcomes import Outcome


@dataclass
class Memory:
    """What was decided, and what has been looked at already."""

    cases: dict[str, Case] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    # Instructions of which staff have said that they were carried out by hand.
    by_hand: set[Any] = field(default_factory=set)
    # Versions of which it is known that nobody has changed more in them than was to be.
    faithful: set[int] = field(default_factory=set)
    seen: set[Any] = field(default_factory=set)
    theirs: dict[str, set[tuple[str, int | None]]] = field(default_factory=dict)
    bytes: dict[str, str] = field(default_factory=dict)

    def first_time(self, *what: object) -> bool:
        """Return whether something is looked at for the first time."""
        new = what not in self.seen
        self.seen.add(what)
        return new

    def who(self, instruction: Instruction) -> str:
        """Return whose instruction this is."""
        return next(who for who, case in self.cases.items() if case.pk == instruction.item.case_id)


def hold(memory: Memory, world: World) -> None:
    """Hold every promise."""
    no_verdict_is_said_of_anybody_else(memory, world)
    no_old_version_changes(memory, world)
    for manifest in Manifest.objects.select_related("data_key", "snapshot", "result"):
        if memory.first_time("made", manifest.pk):
            nothing_of_others_is_to_be_changed(memory, world, manifest)
        state = Manifest.State(manifest.state)
        if manifest.result_id in memory.faithful and memory.first_time("copy", manifest.result_id):
            nothing_else_was_changed(memory, world, manifest)
        if state == Manifest.State.LEFT and memory.first_time("left", manifest.pk):
            nobody_honest_is_accused(memory, manifest)
        if state == Manifest.State.VERIFIED and memory.first_time("verified", manifest.pk):
            nothing_is_verified_that_stands(memory, world, manifest)
    nobody_is_told_that_it_is_done_before_it_is(memory, world)
    no_version_comes_out_of_itself()
    failed = Effect.objects.exclude(last_error="").values_list("kind", "last_error")
    assert not failed, f"Effects failed: {list(failed)}"


def no_verdict_is_said_of_anybody_else(memory: Memory, world: World) -> None:
    """What was judged, and what is carried over to a newer version, is true of each place."""
    for who, case in memory.cases.items():
        judged = case.matches.exclude(verdict__in=("", Match.Verdict.UNSURE))
        for match in judged.select_related("snapshot", "case__data_key"):
            if not memory.first_time("verdict", match.pk, match.verdict):
                continue
            is_theirs = world.is_theirs(who, match)
            said = match.verdict == Match.Verdict.THEIRS
            assert is_theirs is None or is_theirs == said, (
                f"{match.verdict} is said of {world.meant(match)} for {who}"
            )
            if said and is_theirs:
                memory.theirs.setdefault(who, set()).update(world.meant(match))


def no_old_version_changes(memory: Memory, world: World) -> None:
    """A version that was registered stays, byte for byte; and no half of a copy is left."""
    if world.is_table:
        return
    for snapshot in Snapshot.objects.filter(pk__in=world.contents):
        path = path_of(snapshot)
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            known = memory.bytes.setdefault(str(file), digest)
            assert known == digest, f"{file.name} was changed"
    assert not list(world.folder.glob(".*")), "Half of a copy was left behind"
    assert not list(world.folder.rglob("half")), "Half of a copy became part of another"


def nothing_of_others_is_to_be_changed(memory: Memory, world: World, manifest: Manifest) -> None:
    """A manifest names only records which were judged to be about its people."""
    if world.is_table or world.is_text:
        return  # rows have no number there, and records are no unit
    theirs = {
        str(case.pseudonym): {mark for mark, _part in memory.theirs.get(who, ())}
        for who, case in memory.cases.items()
    }
    content = world.content(manifest.snapshot)
    for entry in _entries(manifest):
        mark = content[entry["file"]][entry["row"]].mark
        assert mark in theirs[entry["case_pseudonym"]], f"{mark} is to be changed"


def _entries(manifest: Manifest) -> list[dict[str, Any]]:
    from tests.changes_of_data.pipelines import entries_of

    return entries_of(manifest.jsonl)


def nothing_else_was_changed(memory: Memory, world: World, manifest: Manifest) -> None:
    """What this server writes, or a script or an honest pipeline, is the old but for the changes."""
    assert manifest.result is not None
    old, new = world.content(manifest.snapshot), world.content(manifest.result)
    people = _people(memory, manifest)
    _others_stay(memory, world, old, new, people)
    own = bool(manifest.applied_by)
    if not own:
        return
    if not world.alone:
        assert old.keys() == new.keys()
    for before, after in zip(old.values(), new.values(), strict=True):
        stayed = {piece.mark: piece for piece in after if piece.mark}
        kept = [piece for piece in before if piece.mark in stayed]
        assert [piece.mark for piece in kept] == [piece.mark for piece in after if piece.mark]
        for piece in kept:
            became = stayed[piece.mark]
            if became.text == piece.text:
                assert became.raw == piece.raw
            assert corpus.same_but_for_text(piece, became)


def _people(memory: Memory, manifest: Manifest) -> set[str]:
    instructions = manifest.instructions.select_related("item")
    return {memory.who(instruction) for instruction in instructions}


def _others_stay(
    memory: Memory, world: World, old: Content, new: Content, people: Collection[str]
) -> None:
    """Hold that of each record only words of these people were changed, as was decided."""
    stayed = {piece.mark: piece for piece in corpus.pieces(new) if piece.mark}
    marked = [piece.mark for piece in corpus.pieces(new) if piece.mark]
    assert len(marked) == len(stayed), "A record stands there twice"
    before = {piece.mark: piece for piece in corpus.pieces(old) if piece.mark}
    assert stayed.keys() <= before.keys(), "There is more than before"
    for mark, piece in before.items():
        judged = {who for who in people if any(mark == one for one, _part in _theirs(memory, who))}
        if mark not in stayed:
            assert any(memory.outcomes[who] == Outcome.DELETED for who in judged), f"{mark} is gone"
        elif stayed[mark].text != piece.text:
            _own_words_changed(memory, world, piece, stayed[mark], judged)
    if world.is_text:
        assert len(corpus.pieces(old)) == len(corpus.pieces(new))
        assert {piece.text for piece in corpus.pieces(new) if not piece.mark} <= {CUT}


def _theirs(memory: Memory, who: str) -> set[tuple[str, int | None]]:
    return memory.theirs.get(who, set())


def _own_words_changed(
    memory: Memory, world: World, before: Piece, after: Piece, judged: Collection[str]
) -> None:
    assert before.mark is not None
    kind = world.kinds[before.mark]
    parts = [corpus.parts_of(kind, one.text) for one in (before, after)]
    assert parts[0] is not None, f"{before.text} became {after.text}"
    assert parts[1] is not None, f"{before.text} became {after.text}"
    for number, (was, now) in enumerate(zip(parts[0], parts[1], strict=True)):
        if was.changed == now.changed:
            continue
        corrected = memory.outcomes.get(was.who) == Outcome.CORRECTED
        whole = world.is_text and memory.outcomes.get(was.who) == Outcome.DELETED
        place = (before.mark, number) in _theirs(memory, was.who)
        assert was.who in judged, f"{before.text} became {after.text}"
        assert corrected == was.is_claim, f"{before.text} became {after.text}"
        assert place or was.is_claim or whole, f"{before.text} became {after.text}"


def nobody_honest_is_accused(memory: Memory, manifest: Manifest) -> None:
    """Where all was done as it should be, only people are found of whom somebody has to judge."""
    if manifest.result_id not in memory.faithful:
        return
    accused = [place for place in manifest.left if place["why"] not in ("found", "unjudged")]
    assert not accused, f"All was done, and the re-scan says {accused}"


def nothing_is_verified_that_stands(memory: Memory, world: World, manifest: Manifest) -> None:
    """Of what was judged theirs nothing is in the new version, and nobody else's was lost."""
    assert manifest.result is not None
    now = world.read(manifest.result)
    waiting = set(manifest.incomplete.values_list("pk", flat=True))
    for instruction in manifest.instructions.select_related("item"):
        who = memory.who(instruction)
        if instruction.pk not in waiting:
            still = standing(memory, world, who, now)
            assert not still, f"Verified, and {still} of {who} stand"
    if not world.is_table:
        old = world.content(manifest.snapshot)
        _others_stay(memory, world, old, now, _people(memory, manifest))


def standing(memory: Memory, world: World, who: str, content: Content) -> list[str]:
    """Return the marks of records in which something stands that was judged to be theirs."""
    places = _theirs(memory, who)
    outcome = memory.outcomes[who]
    found = []
    for piece in corpus.pieces(content):
        numbers = {number for mark, number in places if mark == piece.mark}
        if not numbers or piece.mark is None:
            continue
        for number, part in enumerate(corpus.parts_of(world.kinds[piece.mark], piece.text) or ()):
            wanted = part.who == who and (outcome != Outcome.ANONYMISED or number in numbers)
            if wanted and part.is_claim == (outcome == Outcome.CORRECTED) and not part.changed:
                found.append(piece.mark)
                break
    return found


def nobody_is_told_that_it_is_done_before_it_is(memory: Memory, world: World) -> None:
    """When an instruction counts as carried out, nothing that was judged stands in what is used."""
    done = Instruction.objects.exclude(applied_at=None).select_related("item")
    for instruction in done.exclude(pk__in=memory.by_hand):
        if not memory.first_time("done", instruction.pk):
            continue
        for snapshot in in_use():
            still = standing(memory, world, memory.who(instruction), world.read(snapshot))
            assert not still, f"Carried out, and {still} stand in {snapshot.pk}"
        world.count("carried out")


def in_use() -> list[Snapshot]:
    """Return the versions of which no other was made, the newest first."""
    readable = Snapshot.objects.filter(state=Snapshot.State.READABLE).order_by("-registered_at")
    parents: Mapping[int, int | None] = dict(Snapshot.objects.values_list("pk", "parent"))
    replaced: set[int | None] = set()
    for snapshot in readable:
        older = parents[snapshot.pk]
        while older is not None and older not in replaced:
            replaced.add(older)
            older = parents[older]
    return [snapshot for snapshot in readable if snapshot.pk not in replaced]


def no_version_comes_out_of_itself() -> None:
    """Parents make lines, not circles."""
    parents: Mapping[int, int | None] = dict(Snapshot.objects.values_list("pk", "parent"))
    for pk in parents:
        seen: Counter[int] = Counter()
        one: int | None = pk
        while one is not None:
            seen[one] += 1
            assert seen[one] == 1, "A version comes out of itself"
            one = parents[one]
