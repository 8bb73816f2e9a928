"""The state machine: what happens to data and to those who ask, in any order."""

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.changes_of_data import corpus, promises
from tests.changes_of_data.corpus import Content
from tests.changes_of_data.pipelines import DO_LESS, PIPELINES, Choose
from tests.changes_of_data.staff import Staff
from tests.changes_of_data.world import OUTCOMES, Death, World, deaths
from tests.workflows.corrections.changing import look_up
from tests.workflows.datasets.entries import make_snapshot
from workflows.cases.lifecycle import State
from workflows.corpus.formats.files import partial_of
from workflows.corrections import copies
from workflows.corrections.manifest_builder import build_manifest
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups.services import nightly_pass
from workflows.vocabulary.outcomes import Outcome

_FORMATS = {"txt": "text", "parquet": "parquet", "table": "postgresql"}
# Those that are hard to tell apart stand there more often.
_KINDS = st.sampled_from([0, 1, 0, 1, *range(corpus.UNRELATED)])


class ChangesOfData(RuleBasedStateMachine):
    """Two people have records about them deleted, redacted or corrected in one dataset.

    `world_of` makes the world of an example. Records may share ids or have none; others hold the
    same text and are about namesakes. Whatever happened, all can be brought to an end.
    """

    world_of: ClassVar[Callable[[], World]]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).world_of()
        self.world.begin()
        self.memory = promises.Memory()
        self.staff = Staff(self.world, self.memory)

    def teardown(self) -> None:
        """Bring all to an end, unless a promise was broken; then keep nothing."""
        try:
            if self.staff.sound:
                self.staff.end_all()
        finally:
            self.world.end()

    # --- The data ---------------------------------------------------------------------------

    @initialize(
        data=st.data(),
        ids=st.sampled_from(["own", "own", "shared", "none"]),
        files=st.lists(st.lists(_KINDS, min_size=2, max_size=5), min_size=1, max_size=2),
        alone=st.booleans(),
        first=st.none() | st.sampled_from([*sorted(DO_LESS), *PIPELINES]),
    )
    def data_are_registered(
        self, *, data: Any, ids: str, files: list[list[int]], alone: bool, first: str | None
    ) -> None:
        """A version is there from the beginning, two people have asked; staff may have begun."""
        world = self.world
        world.ids = "own" if world.is_table and ids == "none" else ids
        world.alone = alone and len(files) == 1
        self.memory.outcomes = {
            who: data.draw(st.sampled_from(outcomes)) for who, outcomes in OUTCOMES.items()
        }
        self.memory.cases = world.cases_for(
            {
                who: "correct" if outcome == Outcome.CORRECTED else "delete"
                for who, outcome in self.memory.outcomes.items()
            }
        )
        # One record is about nobody: this server writes no empty version.
        content: Content = {
            f"{name}.{world.ending}": [world.new(kind) for kind in [*kinds, corpus.NOTHING]]
            for name, kinds in zip("ab", files, strict=False)
        }
        self._register(content)
        self.staff.settle()
        if first is not None:
            self.staff.try_pipeline(first, self._choose(data))

    def _register(self, content: Content, parent: Snapshot | None = None) -> None:
        world = self.world
        columns = (
            {"id_field": "key", "text_fields": ["Body"]}
            if world.is_table
            else {"id_field": "" if world.ids == "none" else "id"}
        )
        make_snapshot(
            world.write(content),
            parent and parent.dataset,
            version=str(Snapshot.objects.count() + 1),
            parent=parent,
            format=_FORMATS.get(world.ending, "jsonl"),
            source_field="",
            **columns,
        )

    @rule(
        data=st.data(),
        numbers=st.sampled_from(["kept", "fresh", "counted anew"]),
        backwards=st.booleans(),
        more=st.lists(_KINDS, max_size=2),
        looked=st.booleans(),
        restored=st.sampled_from([False, False, True]),
    )
    def a_newer_version_is_registered(
        self,
        *,
        data: Any,
        numbers: str,
        backwards: bool,
        more: list[int],
        looked: bool,
        restored: bool,
    ) -> None:
        """The newest data, or older ones that are restored, with other records, order or ids."""
        before = self.staff.newest()
        content = self.world.read(before)
        if restored:
            content = self._choose(data)(list(self.world.contents.values()))
            self.world.count("old data are restored")
        content = self.staff.numbered(content, numbers)
        if backwards:
            content = {file: rows[::-1] for file, rows in content.items()}
        file = self._choose(data)(sorted(content))
        content = {**content, file: [*content[file], *map(self.world.new, more)]}
        self._register(content, before)
        self.world.count("a newer version")
        if looked:
            look_up()
        self.staff.settle()

    # --- What people do ---------------------------------------------------------------------

    @precondition(lambda self: self.staff.cases_in(State.IN_REVIEW))
    @rule(data=st.data(), death=deaths("look"), all_weak=st.sampled_from([True, True, False]))
    def a_decision_is_approved(self, data: Any, death: Death, all_weak: bool) -> None:
        """A reviewer judges what was found, not always all of it, and an approver agrees."""
        who = self._choose(data)(self.staff.cases_in(State.IN_REVIEW))
        self.world.take(look_up, death)
        self.staff.judge(who, all_weak=all_weak)
        self.staff.approve(who)
        self.staff.settle()

    @precondition(lambda self: self.staff.cases_in(State.EXECUTING))
    @rule(data=st.data())
    def an_approver_sends_it_back(self, data: Any) -> None:
        """What was approved cannot be done so, or there is more to judge."""
        self.staff.send_back(self._choose(data)(self.staff.cases_in(State.EXECUTING)))
        self.staff.settle()

    @rule(death=deaths("look"))
    def all_is_looked_up_again(self, death: Death) -> None:
        """The pass of a night."""
        nightly_pass()
        self.world.take(look_up, death)
        self.staff.settle()

    @rule(data=st.data(), times=st.integers(1, 4))
    def staff_go_on(self, data: Any, times: int) -> None:
        """Staff and workers take the next useful steps."""
        for _time in range(times):
            self.staff.go_on(self._choose(data))

    # --- Manifests --------------------------------------------------------------------------

    @precondition(lambda self: self.staff.cases_in(State.EXECUTING) and self.staff.live() is None)
    @rule(death=deaths("make"), looked=st.booleans())
    def a_manifest_is_made(self, death: Death, looked: bool) -> None:
        """A worker makes the manifest of all that waits."""
        if looked:
            look_up()
        newest = self.staff.newest().pk
        self.world.take(lambda: build_manifest(newest), death)
        self.world.count("made" if self.staff.live() else "not made")
        self.staff.settle()

    @rule(data=st.data(), how=st.sampled_from(PIPELINES))
    def a_change_is_tried(self, data: Any, how: str) -> None:
        """All is judged and approved, a pipeline has the manifest, and what came out is checked."""
        self.staff.try_pipeline(how, self._choose(data))

    @precondition(lambda self: self.staff.open() is not None and not self.world.is_table)
    @rule(death=deaths("apply", "receipt"), half=st.booleans())
    def we_apply_it(self, death: Death, half: bool) -> None:
        """A steward has this server apply it; one that was killed has left half a copy."""
        manifest = self.staff.open()
        assert manifest is not None
        if half:
            partial = partial_of(path_of(copies._named(manifest)))
            partial.mkdir()
            (partial / "half").write_text("half")
        self.staff.apply_here(manifest, death)
        self.staff.settle()

    @precondition(lambda self: self.staff.open() is not None)
    @rule(
        data=st.data(),
        how=st.sampled_from(PIPELINES),
        numbers=st.sampled_from(["kept", "kept", "fresh", "counted anew"]),
        death=deaths("receipt"),
    )
    def a_pipeline_applies_it(self, data: Any, how: str, numbers: str, death: Death) -> None:
        """A pipeline says that it has; it may have done less, or something else."""
        manifest = self.staff.open()
        assert manifest is not None
        self.staff.by_pipeline(manifest, how, numbers, death, self._choose(data))
        self.staff.settle()

    @precondition(lambda self: self.staff.applied() is not None)
    @rule(death=deaths("check"), looked=st.booleans())
    def it_is_checked(self, death: Death, looked: bool) -> None:
        """A worker searches what came out."""
        if looked:
            look_up()
        manifest = self.staff.applied()
        assert manifest is not None
        self.staff.check(manifest, death)
        self.staff.settle()

    def _choose(self, data: Any) -> Choose:
        return lambda options: data.draw(st.sampled_from(list(options)))
