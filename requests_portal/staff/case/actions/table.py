"""Which page, which form and which service belong to which action: one row each.

The buttons of the case page, the addresses of the forms and what happens when one is sent all
follow from `PAGES`. When an action is allowed is not said here but by the lifecycle.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from requests_portal.staff.case.actions import forms
from requests_portal.staff.case.actions.forms import CaseForm
from requests_portal.staff.case.actions.item_forms import ApprovalForm, FindingForm, ProposalForm
from workflows.accounts.actors import Actor
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.access import normalise_number
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case
from workflows.cases.names import ACTION_NAMES, REFUSAL_TEXTS
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.corrections.instructions import record_receipt
from workflows.corrections.withdrawal import stop_execution
from workflows.notices import moves
from workflows.retention import erasure
from workflows.routing.assignment import assign

Run = Callable[[Any, Actor, Any], object]
NOTE = "note"


@dataclass(frozen=True, slots=True)
class ActionPage:
    """One row: the form, the service, what it does in a sentence, and what was done by it.

    `panel` is a template that shows what is to be looked at before the form is sent. `fresh` asks
    for a fresh sign-in first. `destructive` marks what cannot be undone. `waives` are the reasons
    of the lifecycle that the form itself does away with, `reasons` their sentences. `run` gets the
    case, or what of the case the action is about; `about` names that.
    """

    slug: str
    name: Any
    intro: Any
    done: Any
    run: Run
    form: type[CaseForm] = CaseForm
    panel: str = ""
    fresh: bool = False
    destructive: bool = False
    waives: frozenset[str] = frozenset()
    about: str = ""
    reasons: Mapping[str, Any] = field(default_factory=lambda: REFUSAL_TEXTS)

    @property
    def audit_name(self) -> str:
        """What a look at the page is called in the log."""
        return f"{self.about}.{self.slug}" if self.about else self.slug

    def sentence_against(self, reason: str) -> str:
        """Return why the form cannot be opened, from the lifecycle's reason: '' if it can."""
        return str(self.reasons[reason]) if reason and reason not in self.waives else ""


def _page(action: Action, intro: Any, done: Any, run: Run | None = None, **more: Any) -> ActionPage:
    """Return the row of an action of the lifecycle; without `run` the move itself is all."""
    return ActionPage(
        slug=action.value,
        name=ACTION_NAMES[action],
        intro=intro,
        done=done,
        run=run or (lambda case, actor, _form: advance(case, action, actor)),
        **more,
    )


def _with_text(service: Callable[[Case, Actor, str], object]) -> Run:
    """Return how a service is called that takes one text."""
    return lambda case, actor, form: service(case, actor, form.cleaned_data["text"])


def _assign(case: Case, actor: Actor, form: CaseForm) -> None:
    assign(case, actor, form.cleaned_data["team"], form.cleaned_data["assignee"])


def _ask_identity(case: Case, actor: Actor, form: CaseForm) -> None:
    data = form.cleaned_data
    moves.ask_identity(case, actor, data["text"], data["accepted"])


def _accept_identity(case: Case, actor: Actor, form: CaseForm) -> None:
    data = form.cleaned_data
    staff_actions.accept_identity(case, actor, data["assurance"], data["text"])


def _reject_as_abuse(case: Case, actor: Actor, form: forms.AbuseForm) -> None:
    data = form.cleaned_data
    moves.reject_as_abuse(case, actor, data["text"], data.get("ground", ""), form.other_grounds())


def _ask_fee(case: Case, actor: Actor, form: CaseForm) -> None:
    data = form.cleaned_data
    moves.ask_fee(case, actor, data["amount"], data["currency"], data["text"])


def _record_finding(case: Case, actor: Actor, form: FindingForm) -> None:
    data = form.cleaned_data
    staff_actions.record_finding(
        case,
        actor,
        data["item"],
        data["text"],
        form.scopes(),
        verification=data.get("verification", ""),
        kin=data.get("kin", ""),
        differs=data.get("differs", False),
    )


def _propose(case: Case, actor: Actor, form: ProposalForm) -> None:
    moves.propose_decision(case, actor, form.proposals())


def _approve(case: Case, actor: Actor, form: CaseForm) -> None:
    staff_actions.approve(case, actor, form.cleaned_data.get("explanation", ""))


def _record_receipt(case: Case, actor: Actor, form: CaseForm) -> None:
    del case  # the instruction knows its case
    record_receipt(form.cleaned_data["instruction"], actor, form.cleaned_data["receipt"])


def _named(form: CaseForm) -> Case:
    """Return the case whose number was typed."""
    number = normalise_number(form.cleaned_data["number"])
    named = Case.objects.select_related("data_key").filter(number=number).first()
    if named is None:
        raise InvalidInput(gettext("No case has this number."))
    return named


def _merge(case: Case, actor: Actor, form: CaseForm) -> None:
    merging.merge_duplicate(case, actor, _named(form))


def _propose_merge(case: Case, actor: Actor, form: CaseForm) -> None:
    merging.propose_merge(case, actor, _named(form), form.cleaned_data["text"])


def _request_erasure(case: Case, actor: Actor, form: CaseForm) -> None:
    data = form.cleaned_data
    erasure.request_erasure(case, actor, data["ground"], data["text"])


def _erase(case: Case, actor: Actor, form: CaseForm) -> None:
    if normalise_number(form.cleaned_data["number"]) != case.number:
        raise InvalidInput(gettext("This is not the number of the case."))
    erasure.erase(case, actor)


_ROWS = (
    _page(
        Action.ASSIGN,
        _("Say which team, and who in it, works on the case."),
        _("The case was assigned."),
        _assign,
        form=forms.AssignForm,
    ),
    _page(
        Action.BEGIN_TRIAGE,
        _("You begin to sort the request: is it clear, and do we know who asks?"),
        _("Triage began."),
    ),
    _page(
        Action.ASK_IDENTITY,
        _("Say which doubt there is about who asks, and what little would settle it."),
        _("The person was asked for proof of identity."),
        _ask_identity,
        form=forms.IdentityRequestForm,
    ),
    _page(
        Action.ACCEPT_IDENTITY,
        _("Say how well the person is known now."),
        _("The proof of identity was accepted."),
        _accept_identity,
        form=forms.IdentityForm,
    ),
    _page(
        Action.REJECT_IDENTITY,
        _("The case goes on, but what needs proof of identity can then only be refused."),
        _("The case goes on without proof of identity."),
        _with_text(staff_actions.reject_identity),
        form=forms.ReasonsForm,
        panel="staff/panels/not_asked.html",
    ),
    _page(
        Action.CONFIRM_IDENTITY,
        _("Look yourself at what was accepted as proof, then say what you saw."),
        _("The identity was confirmed by a second person."),
        _with_text(staff_actions.confirm_identity),
        form=forms.ReasonsForm,
        panel="staff/panels/identity.html",
    ),
    _page(
        Action.DOUBT_IDENTITY,
        _("The person counts as known no longer; proof can be asked for once more."),
        _("It was recorded that the identity is doubted."),
        _with_text(staff_actions.doubt_identity),
        form=forms.ReasonsForm,
        panel="staff/panels/identity.html",
    ),
    _page(
        Action.ASK_INFORMATION,
        _("Ask the person to make the request clearer. Ask only for what is needed."),
        _("The person was asked for information."),
        _with_text(moves.ask_information),
        form=forms.LetterForm,
    ),
    _page(
        Action.GIVE_INFORMATION,
        _("The information came some other way, such as by phone or by letter."),
        _("The case goes on."),
    ),
    _page(
        Action.GO_ON_WITHOUT_INFORMATION,
        _("No answer came, or none is needed any more. Say why the case can go on without it."),
        _("The case goes on without the information."),
        _with_text(staff_actions.go_on_without_information),
        form=forms.ReasonsForm,
        panel="staff/panels/not_asked.html",
    ),
    _page(
        Action.ASK_FEE,
        _("Tell the person what it costs and why, before anything is charged."),
        _("The person was asked for the fee."),
        _ask_fee,
        form=forms.FeeForm,
        panel="staff/panels/fee.html",
    ),
    _page(
        Action.CONFIRM_FEE_PAID,
        _("The fee arrived; the work on the case goes on."),
        _("It was recorded that the fee was paid."),
        _with_text(staff_actions.confirm_fee_paid),
        form=forms.ReasonsForm,
        panel="staff/panels/fee_paid.html",
    ),
    _page(
        Action.WAIVE_FEE,
        _("The work goes on without a fee."),
        _("The fee was waived."),
        _with_text(staff_actions.waive_fee),
        form=forms.ReasonsForm,
        panel="staff/panels/not_asked.html",
    ),
    _page(
        Action.GO_ON_UNPAID,
        _("Nothing arrived in time. What costs can be refused now; the rest is answered."),
        _("The case goes on without the paid part."),
        _with_text(staff_actions.go_on_unpaid),
        form=forms.ReasonsForm,
        panel="staff/panels/not_asked.html",
    ),
    _page(
        Action.END_UNPAID,
        _("Look first whether the fee arrived. The case ends, and the person gets a refusal."),
        _("The case was ended, and the person was told why."),
        _with_text(moves.end_unpaid),
        form=forms.RefusalForm,
        destructive=True,
    ),
    _page(
        Action.BEGIN_REVIEW,
        _("The request is clear enough to be looked into."),
        _("The review began."),
    ),
    _page(
        Action.RECORD_FINDING,
        _("Record what was found for one item, place by place."),
        _("The finding was recorded."),
        _record_finding,
        form=FindingForm,
        panel="staff/panels/finding.html",
    ),
    _page(
        Action.PROPOSE_DECISION,
        _("Propose an outcome for each item. Somebody else decides on it."),
        _("The decision was proposed."),
        _propose,
        form=ProposalForm,
        panel="staff/panels/proposal.html",
        waives=frozenset(
            {
                "item_undecided",
                "refusal_without_ground",
                "assurance_too_low",
                "identity_not_confirmed",
                "not_verified",
                "kin_not_checked",
            }
        ),
    ),
    _page(
        Action.APPROVE,
        _("Read what is proposed. Once approved, it is carried out."),
        _("The decision was approved."),
        _approve,
        form=ApprovalForm,
        panel="staff/panels/decision.html",
    ),
    _page(
        Action.SEND_BACK,
        _("Say what the reviewer should look at once more."),
        _("The proposal was sent back."),
        _with_text(staff_actions.send_back),
        form=forms.ReasonsForm,
        panel="staff/panels/decision.html",
    ),
    _page(
        Action.STOP_EXECUTION,
        _(
            "Use this when the approved decision cannot be carried out, or when a search of the"
            " changed data found something new. What has not been changed yet is taken back; what"
            " was changed stays changed. Say why."
        ),
        _("The case is under review again."),
        _with_text(stop_execution),
        form=forms.ReasonsForm,
        panel="staff/panels/decision.html",
    ),
    _page(
        Action.RECORD_EXECUTION,
        _("Enter the receipt that an instruction to a data pipeline was carried out."),
        _("The receipt was recorded."),
        _record_receipt,
        form=forms.ReceiptForm,
    ),
    _page(
        Action.ANSWER,
        _("Read the answer as the person will get it, then send it."),
        _("The answer was sent."),
        lambda case, actor, _form: moves.answer(case, actor),
        panel="staff/panels/answer.html",
        destructive=True,
    ),
    _page(
        Action.CLOSE,
        _("The case ends. The person can still contest the answer."),
        _("The case was closed."),
    ),
    _page(
        Action.REOPEN,
        _("You take up again what the person contested."),
        _("The case was taken up again."),
    ),
    _page(
        Action.EXTEND,
        _("The time is extended once, as far as the law allows. Tell the person why."),
        _("The time was extended, and the person was told."),
        _with_text(moves.extend),
        form=forms.LetterForm,
        panel="staff/panels/extension.html",
    ),
    _page(
        Action.CHANGE_LAW,
        _(
            "The case was filed under other laws than those that the provider profile leads to."
            " It gets these. The person is told which and why; no day that was told becomes later."
        ),
        _("The laws of the case were changed, and the person was told."),
        _with_text(moves.change_law),
        form=forms.LetterForm,
        panel="staff/panels/change_of_law.html",
    ),
    _page(
        Action.WRITE_TO_PERSON,
        _("Write to the person about the case."),
        _("The message was sent."),
        _with_text(correspondence.write_to_person),
        form=forms.LetterForm,
    ),
    ActionPage(
        slug=NOTE,
        name=pgettext_lazy("action", "Write a note"),
        intro=_("Keep something in mind for your colleagues."),
        done=_("The note was kept."),
        run=_with_text(correspondence.write_note),
        form=forms.NoteForm,
    ),
    _page(
        Action.MERGE,
        _(
            "This case is a duplicate from the same confirmed address: it ends, and the other one,"
            " filed before it, goes on with what both ask for."
        ),
        _("The case was merged."),
        _merge,
        form=forms.MergeForm,
        panel="staff/panels/duplicates.html",
        destructive=True,
        waives=frozenset({"no_merge_target", "merge_target_decided", "no_contact_in_common"}),
    ),
    _page(
        Action.PROPOSE_MERGE,
        _("This case is a duplicate, although the addresses differ. Somebody else looks at both."),
        _("The merge was proposed."),
        _propose_merge,
        form=forms.MergeProposalForm,
        panel="staff/panels/duplicates.html",
        waives=frozenset({"no_merge_target", "merge_target_decided"}),
    ),
    _page(
        Action.APPROVE_MERGE,
        _(
            "Make sure that both cases are of the same person: the other one goes on with what both"
            " ask for, and its answer tells what was found for both."
        ),
        _("The case was merged."),
        lambda case, actor, _form: merging.approve_merge(case, actor),
        panel="staff/panels/merge.html",
        destructive=True,
    ),
    _page(
        Action.DECLINE_MERGE,
        _("The two cases are not one. Say why."),
        _("The merge was declined."),
        _with_text(merging.decline_merge),
        form=forms.ReasonsForm,
        panel="staff/panels/merge.html",
    ),
    _page(
        Action.UNMERGE,
        _(
            "The case was merged by mistake: it goes on by itself, and what was carried over is"
            " taken out of the other one as long as that is not decided."
        ),
        _("The case goes on by itself."),
        lambda case, actor, _form: merging.unmerge(case, actor),
    ),
    _page(
        Action.REINSTATE,
        _(
            "A complaint about this case was upheld after it had ended: it goes on. Say what is put"
            " right."
        ),
        _("The case was reopened."),
        _with_text(staff_actions.reinstate),
        form=forms.ReasonsForm,
    ),
    _page(
        Action.REPORT_ABUSE,
        _("Say why the request is an abuse. Somebody else decides on it."),
        _("The request was reported as an abuse."),
        _with_text(staff_actions.report_abuse),
        form=forms.ReasonsForm,
    ),
    _page(
        Action.REJECT_AS_ABUSE,
        _("The case ends, and the person gets a refusal with reasons. Say why it is an abuse."),
        _("The request was rejected as an abuse."),
        _reject_as_abuse,
        form=forms.AbuseForm,
        destructive=True,
    ),
    _page(
        Action.REQUEST_ERASURE,
        _("Somebody else then erases the personal data of the case for ever."),
        _("Erasure was requested."),
        _request_erasure,
        form=forms.ErasureRequestForm,
        fresh=True,
    ),
    _page(
        Action.ERASE,
        _("The personal data of the case go for ever; nobody can bring them back."),
        _("The personal data of the case were erased."),
        _erase,
        form=forms.EraseForm,
        panel="staff/panels/erasure.html",
        fresh=True,
        destructive=True,
    ),
)

PAGES: dict[str, ActionPage] = {page.slug: page for page in _ROWS}


@dataclass(frozen=True, slots=True)
class Button:
    """An action as a button: enabled when `reason` is empty, else disabled with the reason."""

    page: ActionPage
    reason: str = ""
    wrong_state: bool = False
