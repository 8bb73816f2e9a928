"""For whom the request is, where they live, who acts, and by what the person can be found."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms.base import (
    QuestionForm,
    TextField,
    chosen_kinds,
    first_value,
    long_text,
    set_choices,
)
from workflows.cases.applicable_law import laws_for
from workflows.cases.filing_request import (
    KIN_FIELDS,
    MAX_TEXT,
    claims_own_interest,
    is_dialable,
)
from workflows.vocabulary import places
from workflows.vocabulary.item_kinds import Sentence
from workflows.vocabulary.people import IdentifierKind, RequesterRole

OTHER_PART = "other"


class RoleForm(QuestionForm):
    """For whom, and by what right, the request is filed."""

    option_hints = {
        "role": {
            RequesterRole.SELF: _("The information is about you."),
            RequesterRole.GUARDIAN: _("You are a parent or a guardian."),
            RequesterRole.NEAR_RELATIVE: _("You are a spouse, a parent, a child or another heir."),
            RequesterRole.AGENT: _("You have a mandate, for example as a lawyer."),
        }
    }
    role = forms.ChoiceField(
        label=_("For whom are you asking?"),
        choices=RequesterRole.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose for whom you are asking.")},
    )


class ResidenceForm(QuestionForm):
    """The country or region, which gives the law of the request."""

    country = forms.ChoiceField(
        label=_("Country or region"),
        help_text=_("It decides which law applies and how much time we have."),
        error_messages={
            "required": _("Choose a country or region."),
            "invalid_choice": _("Choose a country or region from the list."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext("Choose from the list")), *places.countries()]
        set_choices(self.fields["country"], choices)


class PartForm(QuestionForm):
    """The part of the country, where it changes the law or the public holidays."""

    part = forms.ChoiceField(
        label=_("Part of the country"),
        help_text=_("It decides which law or which public holidays count."),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a part of the country."),
            "invalid_choice": _("Choose a part of the country."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parts = places.parts_of(first_value(self.answers, "residence", "country"))
        choices = [*parts, (OTHER_PART, gettext("Another part of the country"))]
        set_choices(self.fields["part"], choices)


def residence_of(answers: dict[str, Any]) -> str:
    """Return the residence as the regimes know it, such as `CN` or `DE-BE`; empty when unknown."""
    country = first_value(answers, "residence", "country")
    part = first_value(answers, "part", "part")
    return part if part.startswith(f"{country}-") else country


# What somebody in this role might write about their right to act.
_EXAMPLES: dict[str, Sentence] = {
    RequesterRole.GUARDIAN: _("For example: I am the father. You can add a document later."),
    RequesterRole.NEAR_RELATIVE: _("For example: I am an heir. You can add a document later."),
    RequesterRole.AGENT: _("For example: I am the lawyer. You can add the mandate later."),
}


class RequesterForm(QuestionForm):
    """The one who acts for somebody else, and their right to do so."""

    requester_name = TextField(
        label=_("Your own name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your own name.")},
    )
    authority = long_text(
        label=_("By what right do you act?"),
        error_messages={"required": _("Say by what right you act for the person.")},
    )
    kinship = long_text(
        rows=2,
        label=_("How are you related to the person who has died?"),
        help_text=_("A spouse, parent, child, sister or brother, grandparent or grandchild."),
        error_messages={"required": _("Say how you are related to the person who has died.")},
    )
    own_interest = long_text(
        label=_("Which interest of your own do you have in this?"),
        help_text=_("The law asks for a lawful and legitimate interest of yours."),
        error_messages={"required": _("Say which interest of your own you have in this.")},
    )
    arrangement = long_text(
        rows=2,
        label=_("Did the person who has died arrange otherwise?"),
        help_text=_("For example in a will, or in an account. If you know of nothing, say so."),
        error_messages={"required": _("Say whether the person who has died arranged otherwise.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = first_value(self.answers, "role", "role")
        hint = str(_EXAMPLES.get(role, ""))
        laws = laws_for(residence_of(self.answers), chosen_kinds(self.answers))
        rule = laws.lead.filers.get(role)
        if rule is not None:
            hint = f"{rule.conditions.in_language(get_language() or '')} {hint}"
        self.fields["authority"].help_text = hint
        if not claims_own_interest(laws.regimes, role):
            for name in KIN_FIELDS:
                del self.fields[name]


class SubjectForm(QuestionForm):
    """The name of the person whom the information is about."""

    subject_name = TextField(
        label=_("Full name"),
        help_text=_("As it is usually written. Other spellings can be added on the next page."),
        error_messages={
            "required": _("Enter the name of the person whom the information is about.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if first_value(self.answers, "role", "role") == RequesterRole.SELF:
            self.fields["subject_name"].widget.attrs["autocomplete"] = "name"
            self.fields["subject_name"].error_messages["required"] = gettext("Enter your name.")


class IdentifierForm(QuestionForm):
    """One detail by which the person can be found in a dataset."""

    kind = forms.ChoiceField(
        label=_("Kind of detail"),
        required=False,
        choices=[("", _("Choose from the list")), *IdentifierKind.choices],
    )
    value = TextField(label=_("Detail"), limit=MAX_TEXT, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the half of the pair that is missing."""
        cleaned = super().clean() or {}
        if cleaned.get("value") and not cleaned.get("kind"):
            self.add_error("kind", gettext("Choose what kind of detail this is."))
        if cleaned.get("kind") and "value" in cleaned and not cleaned["value"]:
            self.add_error("value", gettext("Fill in the detail, or remove it."))
        return cleaned

    def in_words(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the pair as one line: what kind it is, and what it is."""
        yield str(IdentifierKind(self.cleaned_data["kind"]).label), [self.cleaned_data["value"]]


class ContactForm(QuestionForm):
    """How the requester is reached; an address is convenient, not compulsory."""

    email = TextField(
        label=_("E-mail address"),
        help_text=_("We send a link to confirm it, and a note whenever something waits for you."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = TextField(
        label=_("Phone number"),
        help_text=_("Only if you would like to be called."),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    no_contact = forms.BooleanField(
        label=_("I give no address and will look at the status page myself"),
        required=False,
    )

    def clean_email(self) -> str:
        """Return the address; refuse what the domain would refuse, with the same words."""
        email: str = self.cleaned_data["email"]
        if email:
            try:
                validate_email(email)
            except ValidationError:
                raise ValidationError(
                    gettext("Enter an e-mail address like name@example.com.")
                ) from None
        return email

    def clean_phone(self) -> str:
        """Return the number; refuse what the domain would refuse, with the same words."""
        phone: str = self.cleaned_data["phone"]
        if phone and not is_dialable(phone):
            raise ValidationError(
                gettext("Enter a phone number with all its digits, like +86 10 1234 5678.")
            )
        return phone

    def clean(self) -> dict[str, Any]:
        """Ask for one of the ways."""
        cleaned = super().clean() or {}
        if "email" in cleaned and not any(cleaned.get(name) for name in self.fields):
            self.add_error(
                "email",
                gettext("Enter an e-mail address, or tick that you will look at the status page."),
            )
        return cleaned
