"""Which buttons a member of staff sees on a case: what goes on next, what else, and what not."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from requests_portal.staff.case.actions.table import NOTE, PAGES, Button
from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.transition import refusals
from workflows.common.state_machine import Refusal

# What should happen next in each state, the more usual first. What of it this reader may do
# becomes the primary button; the sentence says for what the case waits.
NEXT_STEPS: dict[State, tuple[Any, tuple[Action, ...]]] = {
    State.FILED: (
        _("The person has not confirmed the contact yet. The deadline isn’t affected."),
        (Action.BEGIN_TRIAGE,),
    ),
    State.RECEIVED: (_("The request waits to be sorted."), (Action.BEGIN_TRIAGE,)),
    State.TRIAGE: (
        _("Decide whether the request is clear and whether we know who asks."),
        (Action.BEGIN_REVIEW, Action.ASK_INFORMATION),
    ),
    State.IDENTITY_NEEDED: (
        _("The person was asked to prove who they are."),
        (Action.ACCEPT_IDENTITY,),
    ),
    State.INFORMATION_NEEDED: (
        _("The person was asked for information."),
        (Action.GIVE_INFORMATION,),
    ),
    State.FEE_NEEDED: (
        _("The person was asked for a fee."),
        (Action.CONFIRM_FEE_PAID,),
    ),
    State.IN_REVIEW: (
        _("Look into each item, record what was found, then propose a decision."),
        (Action.RECORD_FINDING, Action.PROPOSE_DECISION),
    ),
    State.DECISION_PROPOSED: (
        _("The proposal waits for somebody else's approval."),
        (Action.APPROVE,),
    ),
    State.EXECUTING: (
        _("What was decided is being carried out; then the answer can go out."),
        (Action.ANSWER, Action.RECORD_EXECUTION, Action.STOP_EXECUTION),
    ),
    State.ANSWERED: (_("The person has the answer and may contest it."), (Action.CLOSE,)),
    State.CONTESTED: (
        _("The person contests the answer. Another reviewer takes it up."),
        (Action.REOPEN,),
    ),
}


@dataclass(frozen=True, slots=True)
class Buttons:
    """All buttons of one case for one reader."""

    waits_for: Any
    primary: Button | None
    enabled: list[Button]
    disabled: list[Button]
    not_now: list[Button]

    @property
    def may_record_finding(self) -> bool:
        """Return whether a finding can be recorded, for the links beside the items."""
        allowed = [*self.enabled, self.primary] if self.primary else self.enabled
        return any(button.page.slug == Action.RECORD_FINDING for button in allowed)


def buttons_for(case: Case, actor: Actor) -> Buttons:
    """Return the buttons for this reader; costs no query when the case was loaded whole.

    `disabled` are those that something other than the state forbids; `not_now` belong to
    another state.
    """
    refused = refusals(case, actor)
    pages = {Action(slug): page for slug, page in PAGES.items() if slug != NOTE}
    buttons = {
        action: Button(
            page,
            page.sentence_against(refused[action]),
            refused[action] == Refusal.WRONG_STATE,
        )
        for action, page in pages.items()
        if action in refused
    }
    waits_for, steps = NEXT_STEPS.get(State(case.state), (_("The case has ended."), ()))
    primary = _primary(case, buttons, steps)
    rest = [button for button in buttons.values() if button is not primary]
    return Buttons(
        waits_for=waits_for,
        primary=primary,
        enabled=[*(b for b in rest if not b.reason), *_note_button(case)],
        disabled=[b for b in rest if b.reason and not b.wrong_state],
        not_now=[b for b in rest if b.wrong_state],
    )


def _primary(case: Case, buttons: dict[Action, Button], steps: tuple[Action, ...]) -> Button | None:
    """Return the one thing to do next, if this reader may do it."""
    findings_missing = any(not item.scopes for item in case.items.all())
    for action in steps:
        if action == Action.RECORD_FINDING and not findings_missing:
            continue
        button = buttons.get(action)
        if button is not None and not button.reason:
            return button
    return None


def _note_button(case: Case) -> list[Button]:
    return [] if case.erased_at is not None else [Button(PAGES[NOTE])]
