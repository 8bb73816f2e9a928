"""What the person wants, and from which service."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms.base import QuestionForm, TextField
from workflows.cases.filing_request import MAX_ITEMS
from workflows.vocabulary.item_kinds import KINDS_ON_FORM


class RequestTypesForm(QuestionForm):
    """Which of the rights the person wants to exercise."""

    option_hints = {"kinds": {kind: kind.definition.explanation for kind in KINDS_ON_FORM}}
    kinds = forms.MultipleChoiceField(
        label=_("What would you like us to do?"),
        help_text=_("Choose everything that you want. You can add details later."),
        choices=[(kind.value, kind.label) for kind in KINDS_ON_FORM],
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
        return [kind.value for kind in KINDS_ON_FORM if kind.value in chosen]


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
