"""The forms of the actions. They take what is typed; whether it is right the domain decides."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from requests_portal.presentation.deadlines import citation_texts
from requests_portal.sign_in.people import display_name
from workflows.cases.models import Case
from workflows.cases.staff_actions import MAX_AMOUNT
from workflows.common.inputs import MAX_BODY
from workflows.corrections.models import Instruction
from workflows.regimes.rules.elements import Ground
from workflows.retention.erasure import ErasureGround
from workflows.routing.models import Team
from workflows.vocabulary.people import Assurance


class CaseForm(forms.Form):
    """A form of one action on one case; without fields it only asks to go on."""

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        self.case = case
        self.user = user
        super().__init__(*args, **kwargs)


def text_field(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    """Return a field for a longer text."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=MAX_BODY,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
    )


def ground_choices(grounds: Iterable[Ground]) -> Iterator[tuple[str, str]]:
    """Yield grounds of refusal as choices, each with its source, in the active language."""
    language = get_language() or "en"
    for ground in grounds:
        sources = _("; ").join(citation_texts(ground.citations))
        yield ground.code, f"{ground.text.in_language(language)} ({sources})"


class LetterForm(CaseForm):
    """A text that the person will read."""

    text = text_field(
        gettext_lazy("Text to the person"),
        gettext_lazy("The person reads it on the page of the case. The mail only says it waits."),
    )


class IdentityRequestForm(LetterForm):
    """The doubt about who asks, and what in particular would settle it."""

    accepted = text_field(
        gettext_lazy("What evidence is enough"),
        gettext_lazy("As little as is enough. What the law says is named without your doing."),
        required=False,
    )


class ReasonsForm(CaseForm):
    """Reasons that stay among staff; the log knows that they were given."""

    text = text_field(gettext_lazy("Reasons"))


class NoteForm(CaseForm):
    """A note among staff."""

    text = text_field(gettext_lazy("Note"), gettext_lazy("The person does not see it."))


class MemberField(forms.ModelChoiceField):
    """Chooses a colleague by name."""

    def label_from_instance(self, obj: User) -> str:
        """Return the name."""
        return display_name(obj)


class AssignForm(CaseForm):
    """A team, and one of its members if wanted."""

    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"),
        queryset=Team.objects.all(),
        empty_label=gettext_lazy("Choose"),
        widget=UnfoldAdminSelectWidget,
    )
    assignee = MemberField(
        label=gettext_lazy("Member of the team"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody yet"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = User.objects.filter(is_active=True, teams__isnull=False)
        field = cast(MemberField, self.fields["assignee"])
        field.queryset = members.distinct().order_by("username")
        assignment = getattr(self.case, "assignment", None)
        if assignment is not None:
            self.initial.setdefault("team", assignment.team_id)
            self.initial.setdefault("assignee", assignment.assignee_id)


class IdentityForm(CaseForm):
    """How well the person is known now, and on what that rests."""

    assurance = forms.ChoiceField(
        label=gettext_lazy("How the person proved who they are"),
        choices=[choice for choice in Assurance.choices if choice[0] != Assurance.NONE],
        widget=UnfoldAdminSelectWidget,
    )
    text = text_field(
        gettext_lazy("On what it rests"),
        gettext_lazy("Which data points or documents were compared, without copying them here."),
    )


class RefusalForm(CaseForm):
    """Why a whole request is refused, for the person."""

    text = text_field(
        gettext_lazy("Reasons"),
        gettext_lazy("The person reads them in the refusal. Name the facts."),
    )


class AbuseForm(RefusalForm):
    """Why a request is an abuse, and by which ground of each law that has one for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        laws = self.case.laws
        for law in laws:
            grounds = law.abuse_grounds(self.case.kinds)
            if not grounds:
                continue
            lead = law.code == self.case.regime
            named = {"law": law.name.in_language(get_language() or "en")}
            self.fields["ground" if lead else f"ground_{law.code}"] = forms.ChoiceField(
                label=_("Ground under %(law)s") % named if len(laws) > 1 else _("Ground"),
                choices=[("", _("Choose")), *ground_choices(grounds)],
                widget=UnfoldAdminSelectWidget,
            )

    def other_grounds(self) -> dict[str, str]:
        """Return the grounds of the laws that do not lead, by regime."""
        typed = self.cleaned_data
        return {
            law.code: typed[f"ground_{law.code}"]
            for law in self.case.laws
            if f"ground_{law.code}" in typed
        }


class FeeForm(CaseForm):
    """What a request costs, and why; the currency is that of the law unless changed."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        min_value=Decimal("0.01"),
        max_value=MAX_AMOUNT,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"), max_length=3, widget=UnfoldAdminTextInputWidget
    )
    text = text_field(
        gettext_lazy("Why, and how to pay"),
        gettext_lazy("What makes the law allow a fee here, what it covers, and how it is paid."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("currency", self.case.lead_regime.fee.currency)

    def clean_currency(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["currency"]).upper()


class ReceiptForm(CaseForm):
    """The receipt that an instruction was carried out."""

    instruction = forms.ModelChoiceField(
        label=gettext_lazy("Instruction"),
        queryset=Instruction.objects.none(),
        widget=UnfoldAdminSelectWidget,
    )
    receipt = forms.CharField(
        label=pgettext_lazy("of an instruction", "Receipt"),
        help_text=gettext_lazy(
            "In which snapshot or system, and how it was checked. Do not name the person: this"
            " goes into the log."
        ),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waiting = Instruction.objects.open().filter(item__case=self.case)
        field = cast(Any, self.fields["instruction"])
        field.queryset = waiting.select_related("item")
        field.label_from_instance = _instruction_label
        field.empty_label = None if waiting else _("None is waiting")


def _instruction_label(instruction: Instruction) -> str:
    return _("Item %(number)d: %(operation)s (%(kind)s)") % {
        "number": instruction.item.position,
        "operation": instruction.get_operation_display(),
        "kind": instruction.item.kind_label,
    }


class MergeForm(CaseForm):
    """The case that goes on."""

    number = forms.CharField(
        label=gettext_lazy("Number of the case that goes on"),
        max_length=30,
        widget=UnfoldAdminTextInputWidget,
    )


class MergeProposalForm(MergeForm):
    """The case that goes on, and why the two are one although their addresses differ."""

    text = text_field(gettext_lazy("Reasons"))


class ErasureRequestForm(CaseForm):
    """Why a case is to be erased."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Why it is erased"),
        help_text=gettext_lazy("It stands in the log for ever."),
        choices=ErasureGround.choices,
        widget=UnfoldAdminSelectWidget,
    )
    text = text_field(
        gettext_lazy("Note"),
        gettext_lazy("For whoever carries it out. It is erased with the case."),
        required=False,
    )


class EraseForm(CaseForm):
    """Asks for the number of the case, so that nobody erases the wrong one."""

    number = forms.CharField(
        label=gettext_lazy("Type the number of the case to confirm"),
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
