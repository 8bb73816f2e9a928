"""Takes a sample case through its life, by the moves that people take."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from workflows.accounts.actors import PUBLIC, SYSTEM, Actor, actor_for
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.identity_policy import kinds_to_confirm
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance
from workflows.complaints import services as complaints
from workflows.corrections.instructions import issue_instructions, record_receipt
from workflows.model_outputs.suppression import suppress
from workflows.notices import moves
from workflows.retention.erasure import ErasureGround, erase, request_erasure
from workflows.routing.assignment import assign, choose_team
from workflows.vocabulary.people import Assurance

Sample = Mapping[str, Any]

# The states on the straight way, in its order.
_STRAIGHT = (
    State.RECEIVED,
    State.TRIAGE,
    State.IN_REVIEW,
    State.DECISION_PROPOSED,
    State.EXECUTING,
    State.ANSWERED,
)
# From where on the straight way the ways aside begin.
_BEFORE = {
    State.IDENTITY_NEEDED: State.TRIAGE,
    State.INFORMATION_NEEDED: State.TRIAGE,
    State.FEE_NEEDED: State.TRIAGE,
    State.CLOSED: State.ANSWERED,
    State.CONTESTED: State.ANSWERED,
    State.MERGED: State.TRIAGE,
    State.REJECTED_AS_ABUSE: State.TRIAGE,
    State.WITHDRAWN: State.RECEIVED,
    State.EXPIRED: State.FILED,
}


class Story:
    """One sample case, who works on it and what they write."""

    def __init__(
        self, case: Case, sample: Sample, texts: Mapping[str, str], staff: Mapping[str, User]
    ) -> None:
        self.case = case
        self.sample = sample
        self.texts = texts
        self._staff = staff
        worker = sample.get("assignee", "ravi")
        self._reviewer = self._actor("ravi" if worker == "ines" else worker)

    def tell(self, merge_target: Case | None = None) -> None:
        """Take the case to the state that its sample names."""
        target = State(self.sample["state"])
        if target != State.EXPIRED:
            self._assign()
        straight_end = _BEFORE.get(target, target)
        for state in _STRAIGHT[: self._steps_to(straight_end)]:
            self._step(state)
        self._decorate()
        self._settle_complaint(target)
        if target in _BEFORE:
            self._turn_aside(target, merge_target)
        if self.sample.get("erased"):
            ground, note = ErasureGround.RETENTION_OVER, self.texts["erasure_note"]
            request_erasure(self.case, self._actor("pilar"), ground, note)
            erase(self.case, self._actor("piotr"))

    @staticmethod
    def _steps_to(state: State) -> int:
        return 0 if state == State.FILED else _STRAIGHT.index(state) + 1

    def _actor(self, username: str) -> Actor:
        return actor_for(self._staff[username])

    def _assign(self) -> None:
        team = choose_team(self.case)
        name = self.sample.get("assignee")
        if team is not None:
            assign(self.case, SYSTEM, team, self._staff[name] if name else None)

    def _step(self, state: State) -> None:
        case, intake, approver = self.case, self._actor("ines"), self._actor("amal")
        match state:
            case State.RECEIVED:
                advance(case, Action.CONFIRM_CONTACT, PUBLIC)
                case.assurance = Assurance.CONTACT
                case.save(update_fields=["assurance"])
            case State.TRIAGE:
                advance(case, Action.BEGIN_TRIAGE, intake)
            case State.IN_REVIEW:
                self._prove()
                advance(case, Action.BEGIN_REVIEW, self._reviewer)
                if self.sample.get("answers_question"):
                    moves.ask_information(case, intake, self.texts["information"])
                    correspondence.write_to_provider(case, self.texts["information_given"])
                self._find()
            case State.DECISION_PROPOSED:
                self._propose()
                if self.sample.get("sent_back"):
                    staff_actions.send_back(case, approver, self.texts["sent_back"])
                    self._propose()
            case State.EXECUTING:
                staff_actions.approve(case, approver)
            case State.ANSWERED:
                for instruction in issue_instructions(case):
                    record_receipt(instruction, self._actor("dana"), self.texts["receipt"])
                self._suppress()
                moves.answer(case, approver)

    def _prove(self) -> None:
        level = self.sample.get("prove")
        if level is None:
            return
        intake = self._actor("ines")
        moves.ask_identity(self.case, intake, self.texts["identity"])
        staff_actions.accept_identity(self.case, intake, level, self.texts["identity_accepted"])
        if kinds_to_confirm(self.case):
            staff_actions.confirm_identity(
                self.case, self._reviewer, self.texts["identity_confirmed"]
            )

    def _find(self) -> None:
        for item, decision in zip(
            self.case.items.all(), self.sample.get("decisions", []), strict=False
        ):
            staff_actions.record_finding(
                self.case,
                self._reviewer,
                item,
                decision["finding"],
                decision.get("scopes", {}),
                verification=decision.get("verification", ""),
                kin=decision.get("kin", ""),
                # Invented, whatever data happen to be registered.
                differs=True,
            )

    def _propose(self) -> None:
        proposals = []
        for item, decision in zip(self.case.items.all(), self.sample["decisions"], strict=True):
            days = decision.get("retraining_in_days")
            proposals.append(
                ItemProposal(
                    item,
                    decision["outcome"],
                    decision["reasons"],
                    decision.get("ground", ""),
                    timezone.localdate() + timedelta(days=days) if days else None,
                    decision.get("instead_because", ""),
                    decision.get("other_grounds", {}),
                )
            )
        moves.propose_decision(self.case, self._reviewer, proposals)

    def _suppress(self) -> None:
        """Put on the suppression list what a decision keeps out of a model's output."""
        for item, decision in zip(
            self.case.items.all(), self.sample.get("decisions", []), strict=False
        ):
            if "suppressed" in decision:
                suppress(item, self._actor("dana"), decision["suppressed"])

    def _decorate(self) -> None:
        """Add what changes no state: an extension, a message, a note."""
        if self.sample.get("extended"):
            moves.extend(self.case, self._reviewer, self.texts["extension"])
        if self.sample.get("message"):
            correspondence.write_to_person(self.case, self._reviewer, self.texts["message"])
        if self.sample.get("note"):
            correspondence.write_note(self.case, self._actor("ines"), self.texts["note"])

    def _settle_complaint(self, target: State) -> None:
        """Open the complaint that the request makes; answer it where the request is answered."""
        complaint = complaints.open_from_request(self.case)
        if complaint is None or target not in {State.ANSWERED, State.CLOSED}:
            return
        officer = self._actor("pilar")
        complaints.acknowledge(complaint, self._actor("ines"))
        complaints.take_up(complaint, officer)
        reasons, redress = self.texts["complaint_reasons"], self.texts["complaint_redress"]
        complaints.answer(complaint, officer, complaint.Finding.UPHELD, reasons, redress)

    def _turn_aside(self, target: State, merge_target: Case | None) -> None:
        case, intake = self.case, self._actor("ines")
        match target:
            case State.IDENTITY_NEEDED | State.INFORMATION_NEEDED | State.FEE_NEEDED:
                self._ask(target)
            case State.CLOSED:
                advance(case, Action.CLOSE, self._reviewer)
            case State.CONTESTED:
                complaints.contest_answer(case, self.texts["contest"])
            case State.MERGED:
                if merge_target is None:
                    raise ValueError("A merged sample names the case that it is merged into.")
                merging.merge_duplicate(case, intake, merge_target)
            case State.REJECTED_AS_ABUSE:
                staff_actions.report_abuse(case, intake, self.texts["abuse"])
                grounds = {
                    law.code: fitting[0].code
                    for law in case.laws
                    if (fitting := law.abuse_grounds(case.kinds))
                }
                moves.reject_as_abuse(
                    case,
                    self._actor("amal"),
                    self.texts["rejected"],
                    grounds.pop(case.regime, ""),
                    grounds,
                )
            case State.WITHDRAWN:
                correspondence.withdraw(case, self.texts["withdraw"])
            case State.EXPIRED:
                advance(case, Action.EXPIRE, SYSTEM)

    def _ask(self, target: State) -> None:
        """Ask the person for something, and wait for it."""
        case, intake = self.case, self._actor("ines")
        match target:
            case State.IDENTITY_NEEDED:
                moves.ask_identity(case, intake, self.texts["identity"])
            case State.INFORMATION_NEEDED:
                moves.ask_information(case, intake, self.texts["information"])
            case State.FEE_NEEDED:
                fee = self.sample["fee"]
                amount, currency = Decimal(fee["amount"]), fee["currency"]
                moves.ask_fee(case, self._reviewer, amount, currency, self.texts["fee"])
