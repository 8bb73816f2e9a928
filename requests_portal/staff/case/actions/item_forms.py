"""The forms that speak of single items: the finding, the proposal, and its approval."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from requests_portal.staff.case.actions.forms import CaseForm, ground_choices, text_field
from requests_portal.staff.case.presenter import ItemView, item_views
from workflows.cases.decision_rules import (
    grounds_under,
    laws_of,
    must_be_verified,
    outcomes_under,
)
from workflows.cases.filing_request import near_relative_rules_apply
from workflows.cases.models import Case, Item
from workflows.cases.staff_actions import ItemProposal
from workflows.corrections.proposed_change import proposed_change_of
from workflows.lookups.findings import (
    SnapshotFinding,
    affected_models,
    contradicting_scopes,
    denies_what_was_found,
    findings_of,
    retraining_day,
    scope_results,
)
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult


class FindingForm(CaseForm):
    """What was found for one item, and what the search of each of the five places came to."""

    item = forms.IntegerField(widget=forms.HiddenInput)
    text = text_field(
        gettext_lazy("Finding"),
        gettext_lazy("What was found and where; for a place not searched, why not."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self._chosen()
        self.initial.update(item=chosen.position, text=chosen.finding)
        findings = findings_of(self.case)
        looked_up = scope_results(findings)
        outdated = contradicting_scopes(looked_up, chosen.scopes)
        self._add_checks(chosen)
        for scope in Scope:
            said = "" if scope in outdated else chosen.scopes.get(scope.value, "")
            self.fields[scope.value] = forms.ChoiceField(
                label=scope.label,
                help_text=_of_the_look_up(findings, scope),
                choices=[("", _("Not said yet")), *ScopeResult.choices],
                required=False,
                initial=said or looked_up.get(scope.value, ""),
                widget=UnfoldAdminSelectWidget,
            )
        self._ask_about(contradicting_scopes(looked_up, self.data))

    def _ask_about(self, contradictions: Sequence[Scope]) -> None:
        """Ask once more where something else was typed than the look-up came to."""
        places = [str(scope.label) for scope in contradictions]
        if places:
            self.fields["differs"] = forms.BooleanField(
                label=_("It differs from the look-up, and is right as it stands here"),
                widget=UnfoldBooleanWidget,
                error_messages={
                    "required": _(
                        "The look-up came to something else: %(places)s. The answer to the person "
                        "will tell of both. Search once more or judge the matches, or tick this "
                        "and say in the finding how you know."
                    )
                    % {"places": _("; ").join(places)}
                },
            )

    def _add_checks(self, chosen: Item) -> None:
        """Ask for what the law wants looked at before this item, or anything, is granted."""
        if must_be_verified(self.case.laws, chosen.kind):
            self.fields["verification"] = text_field(
                _("How it was verified that the person is right"),
                _("The law wants this before a correction. It can be left out until it is done."),
                required=False,
            )
            self.initial["verification"] = chosen.verification
        if near_relative_rules_apply(self.case):
            self.fields["kin"] = text_field(
                _("Kinship, own interest, and what the deceased arranged"),
                _("What was looked at and what was found; needed before anything is granted."),
                required=False,
            )
            self.initial["kin"] = self.case.kin_finding

    def _chosen(self) -> Item:
        """Return the item that was asked for: by default the first without a finding."""
        items = list(self.case.items.all())
        wanted = str(self.data.get("item") or self.initial.get("item") or "")
        for item in items:
            if str(item.position) == wanted:
                return item
        return next((item for item in items if not item.finding), items[0])

    def chosen_view(self) -> ItemView:
        """Return the item as the page shows it."""
        chosen = self._chosen()
        return next(view for view in item_views(self.case) if view.item == chosen)

    def clean_item(self) -> Item:
        """Return the item of this number."""
        for item in self.case.items.all():
            if item.position == self.cleaned_data["item"]:
                return item
        raise forms.ValidationError(_("The case has no such item."))

    def scopes(self) -> dict[str, str]:
        """Return the results of the places of which something was said."""
        return {
            scope.value: self.cleaned_data[scope.value]
            for scope in Scope
            if self.cleaned_data[scope.value]
        }


def _of_the_look_up(findings: Sequence[SnapshotFinding], scope: Scope) -> str:
    """Return what the look-up came to in each version of the data of a scope; "" without any."""
    own = [one for one in findings if one.snapshot.dataset.scope == scope]
    each = (
        _("%(data)s: %(result)s") % {"data": one.snapshot, "result": one.result_name} for one in own
    )
    return _("The look-up: %(result)s") % {"result": _("; ").join(each)} if own else ""


class ApprovalForm(CaseForm):
    """Approves a proposal; asks why, where the proposed change does not fit what was found."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.change = proposed_change_of(self.case)
        if self.change and self.change.mismatches:
            self.fields["explanation"] = text_field(
                _("Why you approve it even though it does not fit"),
                _("For each warning above, say what you looked at. It is kept with the approval."),
            )


class ProposalForm(CaseForm):
    """An outcome, grounds where it is refused or given in part, and reasons, for each item."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.models = affected_models(self.case)
        self._retraining_day = retraining_day(self.models, timezone.localdate())
        for item in self.case.items.all():
            self._add_fields(item)

    def _add_fields(self, item: Item) -> None:
        number = item.position
        laws = laws_of(self.case, item.kind)
        self.fields[f"outcome_{number}"] = forms.ChoiceField(
            label=_("Outcome"),
            choices=[
                ("", _("Choose")),
                *((outcome, outcome.label) for outcome in outcomes_under(laws, item.kind)),
            ],
            initial=item.outcome,
            widget=UnfoldAdminSelectWidget,
        )
        if denies_what_was_found(self.case, str(self.data.get(f"outcome_{number}", ""))):
            self.fields[f"differs_{number}"] = forms.BooleanField(
                label=_("It differs from the look-up, and is right as it stands here"),
                widget=UnfoldBooleanWidget,
                error_messages={
                    "required": _(
                        "Places were judged to be theirs, and the answer names them. Choose another"
                        " outcome, or tick this and say in the reasons why none of them is meant."
                    )
                },
            )
        self._add_grounds(item, laws)
        self.fields[f"reasons_{number}"] = text_field(
            _("Reasons"), _("The person reads them in the answer.")
        )
        self.fields[f"reasons_{number}"].initial = item.reasons
        if ItemKind(item.kind).definition.substitutes:
            self.fields[f"instead_because_{number}"] = text_field(
                _("If it is not done as asked: why not"),
                _("For example why deleting is technically hard, or correcting impossible."),
                required=False,
            )
            self.fields[f"instead_because_{number}"].initial = item.instead_because
        self.fields[f"retraining_on_{number}"] = forms.DateField(
            label=_("Next training, if it is queued for it"),
            help_text=self._said_of_retraining(),
            required=False,
            initial=item.retraining_on,
            widget=forms.DateInput(attrs={"type": "date", "class": "staff-date"}),
        )

    def _add_grounds(self, item: Item, laws: Sequence[Regime]) -> None:
        """Ask for a ground of each law: the first field is that of the law that leads."""
        several = len(laws) > 1
        for law in laws:
            named = {"law": law.name.in_language(get_language() or "en")}
            self.fields[_ground_field(self.case, item, law)] = forms.ChoiceField(
                label=_("Ground under %(law)s, if it is refused or given in part") % named
                if several
                else _("Ground, if it is refused or given in part"),
                choices=[("", _("None")), *ground_choices(grounds_under(law, item.kind))],
                required=False,
                initial=item.grounds.get(law.code, ""),
                widget=UnfoldAdminSelectWidget,
            )

    def _grounds(self, item: Item) -> dict[str, str]:
        """Return the grounds that were chosen for an item, by regime."""
        return {
            law.code: self.cleaned_data[_ground_field(self.case, item, law)]
            for law in laws_of(self.case, item.kind)
        }

    def _said_of_retraining(self) -> str:
        if self._retraining_day is None:
            return ""
        day = date_format(self._retraining_day, "DATE_FORMAT")
        return _("Left empty: %(day)s, the next training of the models concerned.") % {"day": day}

    def _retraining_on(self, item: Item) -> date | None:
        """Return the day that was typed, or that of the register where the outcome needs one."""
        typed: date | None = self.cleaned_data[f"retraining_on_{item.position}"]
        queued = self.cleaned_data[f"outcome_{item.position}"] == Outcome.QUEUED_FOR_RETRAINING
        return typed or (self._retraining_day if queued else None)

    def groups(self) -> Iterator[tuple[ItemView, list[forms.BoundField]]]:
        """Yield each item with its fields."""
        for view in item_views(self.case):
            number = view.item.position
            names = ("outcome", "differs", "ground", "reasons", "instead_because", "retraining_on")
            yield (
                view,
                [
                    self[field]
                    for name in names
                    for field in self.fields
                    if field == f"{name}_{number}" or field.startswith(f"{name}_{number}_")
                ],
            )

    def proposals(self) -> list[ItemProposal]:
        """Return what is proposed, in the words of the domain."""
        data = self.cleaned_data
        proposals = []
        for item in self.case.items.all():
            grounds = self._grounds(item)
            proposals.append(
                ItemProposal(
                    item=item,
                    outcome=data[f"outcome_{item.position}"],
                    reasons=data[f"reasons_{item.position}"],
                    ground=grounds.pop(self.case.regime, ""),
                    retraining_on=self._retraining_on(item),
                    instead_because=data.get(f"instead_because_{item.position}", ""),
                    other_grounds=grounds,
                )
            )
        return proposals


def _ground_field(case: Case, item: Item, law: Regime) -> str:
    """Return the name of the field with the ground of a law."""
    name = f"ground_{item.position}"
    return name if law.code == case.regime else f"{name}_{law.code}"
