"""What reviewers, approvers, stewards, pipelines and workers do with the data of an example."""

from collections import defaultdict

from tests.changes_of_data import corpus, pipelines, promises
from tests.changes_of_data.corpus import Content
from tests.changes_of_data.pipelines import HONEST, Choose
from tests.changes_of_data.promises import Memory
from tests.changes_of_data.world import Death, World
from tests.factories import APPROVER, STEWARD
from tests.judging import judge_each
from tests.workflows.corrections.changing import look_up, propose_and_approve, run_due
from tests.workflows.corrections.tables import run_script
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.common.errors import DomainError, Refused
from workflows.corrections import manifest_verification
from workflows.corrections.downloads import SQL, content_of
from workflows.corrections.instructions import record_receipt
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.lookups.services import nightly_pass

_SAID = {True: Match.Verdict.THEIRS, False: Match.Verdict.NOT_THEIRS, None: Match.Verdict.UNSURE}
# So many rounds of diligent staff are enough to come to an end from anywhere.
_ROUNDS = 12


class Staff:
    """They judge by what is true, and every promise holds after each of their steps."""

    def __init__(self, world: World, memory: Memory) -> None:
        self.world, self.memory = world, memory
        # Whether all promises held after the last step.
        self.sound = False
        # Whether the pass of a night was, since staff bring all to an end.
        self._night = False

    def settle(self) -> None:
        """Look at the versions that came, and hold every promise."""
        self.sound = False
        self.world.see()
        promises.hold(self.memory, self.world)
        self.sound = True

    # --- How it stands ----------------------------------------------------------------------

    def cases_in(self, state: State) -> list[str]:
        """Return whose cases are in a state."""
        return [who for who, case in self.memory.cases.items() if case.state == state]

    def newest(self) -> Snapshot:
        """Return the newest version."""
        return promises.in_use()[0]

    def live(self) -> Manifest | None:
        """Return a manifest that is under way."""
        return Manifest.objects.filter(state__in=Manifest.LIVE).first()

    def open(self) -> Manifest | None:
        """Return the manifest that waits to be applied."""
        return Manifest.objects.filter(state=Manifest.State.OPEN, applied_by="").first()

    def applied(self) -> Manifest | None:
        """Return the manifest that waits to be checked."""
        return Manifest.objects.filter(state=Manifest.State.APPLIED).first()

    def waiting(self) -> list[Instruction]:
        """Return what was approved and is not carried out."""
        waiting = Instruction.objects.open().filter(item__case__state=State.EXECUTING)
        return list(waiting.select_related("item__case"))

    def _refresh(self) -> None:
        for who, case in self.memory.cases.items():
            self.memory.cases[who] = Case.objects.get(pk=case.pk)

    # --- Judging ----------------------------------------------------------------------------

    def judge(self, who: str, *, all_weak: bool = True) -> None:
        """Judge what nobody has judged yet; of weak places perhaps only those that are theirs."""
        case, judged = self.memory.cases[who], defaultdict(list)
        for match in case.matches.filter(verdict="").select_related("snapshot", "case__data_key"):
            theirs = self.world.is_theirs(who, match)
            if all_weak or theirs or match.strength == Match.Strength.STRONG:
                judged[_SAID[theirs]].append(match.pk)
        for verdict, matches in judged.items():
            judge_each(case, matches, verdict)

    def approve(self, who: str) -> None:
        """Have what was judged decided and approved."""
        case, outcome = self.memory.cases[who], self.memory.outcomes[who]
        propose_and_approve(case, outcome, "What is left is judged later.")
        self._refresh()

    def send_back(self, who: str) -> None:
        """Send an approved decision back to the review."""
        stop_execution(self.memory.cases[who], APPROVER, "There is more to judge.")
        run_due("corrections")
        self._refresh()

    # --- Versions ---------------------------------------------------------------------------

    def numbered(self, content: Content, how: str) -> Content:
        """Return records with their ids, or with other ones; where they have none of their own, none."""
        if how == "kept" or self.world.ids != "own" or self.world.is_text:
            return content
        return pipelines.renumbered(content, how)

    # --- Manifests --------------------------------------------------------------------------

    def apply_here(self, manifest: Manifest, death: Death = None) -> None:
        """Have this server apply a manifest."""
        if not manifest.applied_by:
            ask_to_apply(manifest, STEWARD)
        self.world.take(lambda: apply_locally(str(manifest.pk)), death)
        manifest.refresh_from_db()
        self.world.count(f"by us: {manifest.state}")
        if manifest.result_id is not None:
            self.memory.faithful.add(manifest.result_id)

    def apply_honestly(self, manifest: Manifest, choose: Choose) -> None:
        """Have a manifest applied by this server, or as it should be."""
        if manifest.applied_by or (not self.world.is_table and choose([True, False])):
            self.apply_here(manifest)
        else:
            self.by_pipeline(manifest, HONEST, "kept", None, choose)

    def by_pipeline(
        self, manifest: Manifest, how: str, numbers: str, death: Death, choose: Choose
    ) -> None:
        """Have a pipeline apply a manifest, and give its receipt."""
        if how == "refuses":
            take_receipt(manifest, STEWARD, key=how, status="refused")
            self.world.count(f"{how}: refused")
        elif how == "names another version":
            self._name_another_version(manifest, choose)
        elif how == HONEST and self.world.is_table and numbers == "kept":
            self._run_script(manifest, death)
        else:
            told_apart = numbers == "kept" and self.world.ids == "own" and not self.world.is_text
            made = self._made(manifest, how, choose, told_apart=told_apart)
            made = self.numbered(made, numbers)
            named = how if numbers == "kept" else f"{how}, {numbers}"
            self._give(manifest, named, self.world.write(made), death)

    def _run_script(self, manifest: Manifest, death: Death) -> None:
        """Have the script of a manifest run in its database, if the table is as it was."""
        try:
            script = content_of(manifest, SQL).decode()
        except Refused:
            take_receipt(manifest, STEWARD, key=HONEST, status="refused")
            self.world.count(f"{HONEST}: refused")
            return
        run_script(script)
        self._give(manifest, HONEST, manifest.snapshot.location, death)

    def _made(self, manifest: Manifest, how: str, choose: Choose, *, told_apart: bool) -> Content:
        content = self.world.content(manifest.snapshot)
        if how == "gives unrelated data":
            rows = [self.world.new(corpus.UNRELATED) for _ in range(choose([1, 2, 3]))]
            return {next(iter(content)): rows}
        if self.world.is_table:  # a version of it may have been written over
            content = self.world.read(manifest.snapshot)
        entries = pipelines.entries_of(manifest.jsonl)
        if self.world.is_table:
            entries = pipelines.in_table(entries, corpus.pieces(content))
        texts, is_text = dict(manifest.replacements), self.world.is_text
        return pipelines.by_pipeline(
            how, entries, texts, content, choose, is_text=is_text, told_apart=told_apart
        )

    def _name_another_version(self, manifest: Manifest, choose: Choose) -> None:
        named = choose(list(Snapshot.objects.order_by("pk")))
        try:
            take_receipt(manifest, STEWARD, key="another", status="applied", snapshot=named)
        except Refused:
            self.world.count("names another version: refused")
        else:
            self.world.count("names another version: taken")

    def _give(self, manifest: Manifest, how: str, location: str, death: Death) -> None:
        """Enter the receipt of a pipeline; a worker that died has it entered once more."""
        status = "partly" if how.startswith("does half") else "applied"
        version = str(Snapshot.objects.count() + 1)

        def give() -> None:
            new = Snapshot(version=version, format=manifest.snapshot.format, location=location)
            take_receipt(manifest, STEWARD, key=how, status=status, snapshot=new)

        self.world.take(give, death)
        self.world.see()
        self.world.count(f"{how}: given")
        if how.startswith(HONEST) and manifest.result_id is not None:
            self.memory.faithful.add(manifest.result_id)

    def check(self, manifest: Manifest, death: Death = None) -> None:
        """Have what came out of a manifest searched."""
        self.world.take(lambda: manifest_verification.verify_manifest(str(manifest.pk)), death)
        manifest.refresh_from_db()
        self.world.count(str(manifest.state))
        self.world.count(f"{manifest.receipts.get().key}: {manifest.state}")
        self._refresh()

    # --- Going on ---------------------------------------------------------------------------

    def go_on(self, choose: Choose) -> None:
        """Take the next useful step."""
        manifest = self.live()
        if manifest is not None and manifest.state == Manifest.State.APPLIED:
            self.check(manifest)
        elif manifest is not None:
            self.apply_honestly(manifest, choose)
        elif waiting := self.cases_in(State.IN_REVIEW):
            look_up()
            who = choose(waiting)
            self.judge(who)
            self.approve(who)
        else:
            look_up()
            build_manifest(self.newest().pk)
        self.settle()

    def try_pipeline(self, how: str, choose: Choose) -> None:
        """Go on until a pipeline has a manifest, and have what comes out of it checked."""
        for _time in range(4):
            if self.open() is None:
                self.go_on(choose)
        manifest = self.open()
        if manifest is not None:
            self.by_pipeline(manifest, how, "kept", None, choose)
            self.settle()
        manifest = self.applied()
        if manifest is not None:
            self.check(manifest)
            self.settle()

    def end_all(self) -> None:
        """Carry out all that was approved, with an honest pipeline."""
        for _round in range(_ROUNDS):
            self._refresh()
            if self.live() is None and not self.waiting():
                self.world.count("ended")
                return
            self._round()
            self.settle()
        raise AssertionError(f"It could not be brought to its end: {self._story()}")

    def _round(self) -> None:
        manifest = self.live()
        if manifest is not None and manifest.state == Manifest.State.APPLIED:
            self.check(manifest)
            return
        if manifest is not None:
            self.apply_honestly(manifest, lambda options: options[0])
            return
        look_up()
        used = promises.in_use()
        for who in self.cases_in(State.EXECUTING):
            if self.memory.cases[who].matches.filter(snapshot__in=used, verdict="").exists():
                self.send_back(who)
                self.judge(who)
                self.approve(who)
        if build_manifest(used[0].pk) is not None:
            return
        if self._night:
            self._enter_by_hand()
        else:
            nightly_pass()
            self._night = True

    def _enter_by_hand(self) -> None:
        """What no manifest can be made of was done by hand, and staff say so."""
        for instruction in self.waiting():
            self.memory.by_hand.add(instruction.pk)
            try:
                record_receipt(instruction, STEWARD, "It was done by hand.")
            except DomainError as error:
                raise AssertionError(f"Nothing can be done: {self._story()}") from error
            self.world.count("by hand")

    def _story(self) -> str:
        """Return how everything stands, for whoever reads of a fault."""
        lines = [""]
        for pk, content in self.world.contents.items():
            snapshot = Snapshot.objects.get(pk=pk)
            lines.append(f"{pk} of {snapshot.parent_id}, {snapshot.state}")
            lines += [f"  {one.mark} {one.id} {one.text}" for one in corpus.pieces(content)]
        for manifest in Manifest.objects.order_by("made_at"):
            people = sorted(self.memory.who(one) for one in manifest.instructions.all())
            of = f"{manifest.snapshot_id} -> {manifest.result_id}"
            lines.append(f"{manifest.state} {of} {people} {manifest.left} {manifest.left_out}")
        for who, case in self.memory.cases.items():
            lines.append(f"{who} {self.memory.outcomes[who]} {case.state}")
            for match in case.matches.select_related("snapshot", "case__data_key"):
                place = f"{match.snapshot_id} {match.record} {match.start} {match.strength}"
                lines.append(f"  {place} {match.verdict or '?'} {self.world.meant(match)}")
        return "\n".join(lines)
