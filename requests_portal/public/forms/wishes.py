"""What the person wants, and from which service."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms.base import QuestionForm, Sentence, TextField
from workflows.cases.filing_request import MAX_ITEMS
from workflows.vocabulary.item_kinds import ItemKind

# In the order of the page: what is asked most comes first.
KINDS = (
    ItemKind.CONSULT,
    ItemKind.COPY,
    ItemKind.CORRECT,
    ItemKind.SUPPLEMENT,
    ItemKind.DELETE,
    ItemKind.MODEL_OUTPUT,
    ItemKind.OPT_OUT_TRAINING,
    ItemKind.EXPLAIN,
    ItemKind.RESTRICT,
    ItemKind.OBJECT,
    ItemKind.WITHDRAW_CONSENT,
    ItemKind.TRANSFER,
    ItemKind.COMPLAINT,
    ItemKind.IP_CLAIM,
)
EXPLANATIONS: dict[str, Sentence] = {
    ItemKind.CONSULT: _("We tell you whether we hold information about you, and what it is."),
    ItemKind.COPY: _("You get the information about you as a file."),
    ItemKind.CORRECT: _("You tell us what is wrong, and what would be right."),
    ItemKind.SUPPLEMENT: _("You tell us what is missing."),
    ItemKind.DELETE: _("You want information about you to be removed."),
    ItemKind.MODEL_OUTPUT: _("A model said something about you that is wrong, private or harmful."),
    ItemKind.OPT_OUT_TRAINING: _("Information about you is no longer used to train models."),
    ItemKind.EXPLAIN: _("We explain what we use information about you for, and by which rules."),
    ItemKind.RESTRICT: _("We keep the information, but use it only within limits."),
    ItemKind.OBJECT: _("You have reasons why we should not use information about you."),
    ItemKind.WITHDRAW_CONSENT: _("You once agreed, and have changed your mind."),
    ItemKind.TRANSFER: _("We send the information to another provider that you name."),
    ItemKind.COMPLAINT: _("You are not satisfied with how we handled an earlier request."),
    ItemKind.IP_CLAIM: _("You hold the rights in a work that was used without your permission."),
}


class WishesForm(QuestionForm):
    """Which of the rights the person wants to exercise."""

    option_hints = {"kinds": EXPLANATIONS}
    kinds = forms.MultipleChoiceField(
        label=_("What would you like us to do?"),
        help_text=_("Choose everything that you want. You can add details later."),
        choices=[(kind.value, kind.label) for kind in KINDS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one thing that you want."),
            "invalid_choice": _("Choose from the things that can be asked for."),
        },
    )

    def clean_kinds(self) -> list[Any]:
        """Return the kinds in the order of the page, whatever order they came in."""
        chosen = self.cleaned_data["kinds"]
        if len(chosen) > MAX_ITEMS:
            raise ValidationError(
                gettext("Choose at most %(count)s things.") % {"count": MAX_ITEMS}
            )
        return [kind.value for kind in KINDS if kind.value in chosen]


class ServiceForm(QuestionForm):
    """The product in which the person met their information."""

    service = TextField(
        label=_("Which service or model is it about?"),
        help_text=_(
            "For example the name of an app, of a website or of a model."
            " Leave it empty if you do not know, or if it is about all of them."
        ),
        required=False,
    )
