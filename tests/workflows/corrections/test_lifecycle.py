"""The table of moves of a manifest, written down a second time by hand."""

import pytest

from tests.factories import REVIEWER, STEWARD
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.accounts.actors import SYSTEM
from workflows.cases.timeline import STAFF_SENTENCES
from workflows.common.state_machine import Refusal, refusal
from workflows.corrections import manifest_verification
from workflows.corrections.erasure import erase_case_data
from workflows.corrections.lifecycle import MOVES, Action, Situation, State
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.models import Manifest
from workflows.corrections.models.manifest import STATE_CHOICES
from workflows.corrections.receipts import ask_to_apply
from workflows.corrections.transition import (
    GUARD_TEXTS,
    REFUSAL_TEXTS,
    ManifestRefused,
    advance,
    cases_of,
)
from workflows.ledger.models import Event
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.roles import Role

# action: from which states, to which, by whom, what the log calls it, and what else must be true.
TABLE = """
acknowledge  | open         | applied   | data_steward | manifest.receipt   | result_is_named
refuse       | open         | refused   | data_steward | manifest.receipt   | no_result_is_named
withdraw     | open         | withdrawn | system       | manifest.withdrawn | something_was_taken_back
verify       | applied      | verified  | system       | rescan.passed      |
send_back    | applied      | left      | system       | rescan.failed      |
search_again | left         | applied   | data_steward | rescan.requested   | another_search_may_help
end_erased   | open applied | refused   | system       | case.erased        |
"""
ROWS = {
    cells[0]: cells[1:]
    for line in TABLE.strip().splitlines()
    for cells in [[cell.strip() for cell in line.split("|")]]
}
# What each guard says, and of which situation.
GUARDED = [
    (Action.ACKNOWLEDGE, Situation(), "result_or_refusal"),
    (Action.ACKNOWLEDGE, Situation(names_result=True), ""),
    (Action.REFUSE, Situation(names_result=True), "result_or_refusal"),
    (Action.REFUSE, Situation(), ""),
    (Action.WITHDRAW, Situation(), "nothing_taken_back"),
    (Action.WITHDRAW, Situation(was_taken_back=True), ""),
    (Action.SEARCH_AGAIN, Situation(), "search_ended"),
    (Action.SEARCH_AGAIN, Situation(search_ended=False, other_is_live=True), "other_is_live"),
    (Action.SEARCH_AGAIN, Situation(search_ended=False), ""),
]


def test_the_vocabularies_are_closed_and_have_names():
    assert set(ROWS) == set(Action) == set(MOVES) == set(REFUSAL_TEXTS)
    assert {state for state, _name in STATE_CHOICES} == set(State)
    assert {reason for _action, _situation, reason in GUARDED} - {""} == set(GUARD_TEXTS)
    assert {move.event for move in MOVES.values()} <= set(STAFF_SENTENCES)


@pytest.mark.parametrize("action", list(Action))
def test_the_move_is_the_one_written_down(action):
    sources, target, roles, event, guard = ROWS[action]
    move = MOVES[action]

    assert set(move.sources) == set(sources.split())
    assert (move.target, set(move.roles), move.event) == (target, set(roles.split()), event)
    assert (move.guard.__name__ if move.guard else "") == guard


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", list(Action))
def test_each_cell_answers_by_state_then_role(action, state):
    sources, _target, roles, *_rest = ROWS[action]
    allowing = Situation(names_result=action == Action.ACKNOWLEDGE, was_taken_back=True)
    for role in Role:
        expected = (
            Refusal.WRONG_STATE
            if state not in sources.split()
            else Refusal.WRONG_ROLE
            if role not in roles.split()
            else "search_ended"
            if action == Action.SEARCH_AGAIN
            else ""
        )
        assert refusal(MOVES[action], state, frozenset({role}), lambda: allowing) == expected


@pytest.mark.parametrize(("action", "situation", "reason"), GUARDED)
def test_the_guards(action, situation, reason):
    assert MOVES[action].guard(situation) == reason


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("reason", [*Refusal, *GUARD_TEXTS])
def test_each_refusal_is_a_sentence(action, state, reason):
    assert str(ManifestRefused(action, reason, state)).endswith(".")


def test_what_ended_is_not_moved_any_more():
    for state in (State.REFUSED, State.VERIFIED, State.WITHDRAWN):
        assert not any(state in move.sources for move in MOVES.values())


@pytest.fixture
def manifest(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    snapshot = make_snapshot("forum.jsonl")
    executing(Outcome.CORRECTED)
    return manifest_for(snapshot)


@pytest.mark.django_db
@pytest.mark.usefixtures("sent")
class TestTheOneWriter:
    def test_a_move_changes_its_columns_and_is_told_of_each_case(self, manifest):
        (case,) = cases_of(manifest)

        advance(manifest, Action.REFUSE, STEWARD, facts={"status": "refused"}, applied_by="x")

        kept = Manifest.objects.get()
        assert (kept.state, kept.applied_by) == (manifest.state, "x") == (State.REFUSED, "x")
        event = Event.objects.get(name="manifest.receipt")
        assert event.facts == {"manifest": str(manifest.pk), "status": "refused"}
        assert (event.case, event.role) == (case.pseudonym, Role.DATA_STEWARD)

    @pytest.mark.parametrize(
        ("action", "actor"), [(Action.VERIFY, SYSTEM), (Action.REFUSE, REVIEWER)]
    )
    def test_a_refusal_leaves_no_trace(self, manifest, action, actor):
        before = Event.objects.count()

        with pytest.raises(ManifestRefused):
            advance(manifest, action, actor, applied_by="x")

        kept = Manifest.objects.get()
        assert (kept.state, kept.applied_by) == (State.OPEN, "")
        assert manifest.state == State.OPEN
        assert Event.objects.count() == before

    def test_it_looks_at_what_stands_now(self, manifest):
        Manifest.objects.update(state=State.WITHDRAWN)

        with pytest.raises(ManifestRefused, match="was withdrawn"):
            advance(manifest, Action.REFUSE, STEWARD)

    @pytest.mark.parametrize("left", [[], [{"why": "unjudged", "file": "forum.jsonl"}]])
    def test_what_an_erasure_ended_meanwhile_is_not_searched_to_an_end(
        self, manifest, monkeypatch, left
    ):
        ask_to_apply(manifest, STEWARD)
        apply_locally(str(manifest.pk))

        def search(applied, *_rest):
            erase_case_data(cases_of(applied)[0])
            return left

        monkeypatch.setattr(manifest_verification, "_left", search)
        manifest_verification.verify_manifest(str(manifest.pk))

        assert Manifest.objects.get().state == State.REFUSED
        assert not Event.objects.filter(name__startswith="rescan.").exists()
