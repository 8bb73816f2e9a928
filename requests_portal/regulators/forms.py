"""The forms of the regulators' pages: what to list, to count, to export, to keep."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from workflows.cases.names import STATE_NAMES
from workflows.common.errors import InvalidInput
from workflows.exports.encryption import LONGEST_RECIPIENT
from workflows.exports.files import Format
from workflows.oversight.checkpoints import LONGEST_NOTE
from workflows.oversight.filters import FIRST_DAY, LAST_DAY, LONGEST_REASON, BundleFilters
from workflows.oversight.selectors import CaseFilter
from workflows.statistics.counts import Period
from workflows.vocabulary.item_kinds import ItemKind

_ANY = ("", _("Any"))
FORMAT_NAMES = {
    Format.XLSX: _("Spreadsheet (XLSX)"),
    Format.PDF: _("Summary with charts (PDF)"),
    Format.BOM: _("CSV with a byte order mark"),
}


class PlainForm(forms.Form):
    """A form whose faults are told by the server, under an error summary."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


def _day(label: Any) -> forms.DateField:
    between = _("Choose a day between 1900 and 2999.")
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY, between), MaxValueValidator(LAST_DAY, between)],
        error_messages={"invalid": _("Enter a day like 2026-03-31.")},
    )


class PeriodForm(PlainForm):
    """Days of receipt, both included; either may stay open."""

    since = _day(_("Received from"))
    until = _day(_("Received until"))

    def clean(self) -> dict[str, Any]:
        """Refuse days the wrong way round."""
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day must not be before the first day."))
        return cleaned

    def narrowed_by(self) -> dict[str, Any]:
        """Return what was chosen, by field; nothing of a faulty form."""
        return dict(self.cleaned_data) if self.is_valid() else {}

    def days(self) -> tuple[date | None, date | None]:
        """Return the days of a valid form."""
        return self.cleaned_data["since"], self.cleaned_data["until"]

    def period(self) -> Period:
        """Return the period of a valid form; everything for a faulty one."""
        return Period(*self.days()) if self.is_valid() else Period()


class YearForm(PlainForm):
    """A calendar year in the regime's time zone."""

    year = forms.IntegerField(
        label=_("Year"),
        min_value=FIRST_DAY.year,
        max_value=LAST_DAY.year,
        error_messages={
            "invalid": _("Enter a year like 2026."),
            "required": _("Enter a year like 2026."),
        },
    )


class CaseListForm(PeriodForm):
    """What the list of cases is narrowed to."""

    number = forms.CharField(label=_("Case number"), required=False, max_length=40)
    state = forms.ChoiceField(label=_("State"), required=False)
    kind = forms.ChoiceField(label=_("What was asked for"), required=False)
    late = forms.BooleanField(label=_("Late only"), required=False)

    field_order = ("number", "state", "kind", "since", "until", "late")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "state", [_ANY, *STATE_NAMES.items()])
        _choices(self, "kind", [_ANY, *ItemKind.choices])

    def chosen(self) -> CaseFilter:
        """Return the choices of a valid form; none of a faulty one."""
        if not self.is_valid():
            return CaseFilter()
        since, until = self.days()
        state = self.cleaned_data["state"]
        return CaseFilter(
            states=(state,) if state else (),
            kind=self.cleaned_data["kind"],
            since=since,
            until=until,
            late=self.cleaned_data["late"],
            number=self.cleaned_data["number"].strip(),
        )


class ExportForm(PeriodForm):
    """What to export, and from which checkpoint on."""

    states = forms.MultipleChoiceField(
        label=_("States"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all of them."),
    )
    case = forms.CharField(label=_("One case only, by its number"), required=False, max_length=40)
    register = forms.BooleanField(
        label=_("With the receipts of all other requests"),
        required=False,
        help_text=_(
            "They prove that no request is missing, and make the export of one case as large as"
            " the register. An export of several cases always has them."
        ),
    )
    previous = forms.CharField(
        label=_("The last checkpoint that you kept"),
        required=False,
        max_length=LONGEST_NOTE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text=_(
            "Paste the file log/checkpoint of your last export. The new export then proves that"
            " nothing was rewritten since. Leave it empty for a first export."
        ),
    )
    identity = forms.BooleanField(label=_("Include documents of identity"), required=False)
    identity_reason = forms.CharField(
        label=_("Why you need documents of identity"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=_("The reason becomes part of the log for ever. Do not name a person in it."),
    )

    formats = forms.MultipleChoiceField(
        label=_("More forms"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Tables as CSV and JSON Lines are always in the export. Without a byte order mark some"
            " spreadsheet programs show Chinese in CSV as other signs."
        ),
    )
    encrypt = forms.BooleanField(label=_("Encrypt the file to my key"), required=False)

    field_order = (
        "since",
        "until",
        "states",
        "case",
        "register",
        "formats",
        "previous",
        "identity",
        "identity_reason",
        "encrypt",
    )

    def __init__(self, *args: Any, recipient: str, **kwargs: Any) -> None:
        """Offer encryption to those who keep an age recipient here."""
        super().__init__(*args, **kwargs)
        self.recipient = recipient
        _choices(self, "states", list(STATE_NAMES.items()))
        _choices(self, "formats", list(FORMAT_NAMES.items()))
        if not recipient:
            del self.fields["encrypt"]

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where documents of identity are wanted, and hold on to the rest."""
        cleaned = super().clean()
        reason = cleaned.get("identity_reason", "").strip()
        if cleaned.get("identity") and not reason:
            self.add_error("identity_reason", _("Say why you need documents of identity."))
        if self.is_valid_so_far():
            since, until = self.days()
            filters = BundleFilters(
                since=since,
                until=until,
                states=tuple(cleaned["states"]),
                case=cleaned["case"].strip(),
                identity_reason=reason if cleaned["identity"] else "",
                register=cleaned["register"],
            )
            try:
                filters.check()
            except InvalidInput as error:
                self.add_error("identity_reason", str(error))
            cleaned["filters"] = filters
        cleaned["recipient"] = self.recipient if cleaned.get("encrypt") else ""
        return cleaned

    def is_valid_so_far(self) -> bool:
        """Return whether nothing was found yet that is wrong."""
        return not self.errors


class RecipientForm(PlainForm):
    """The public key to which exports are encrypted."""

    recipient = forms.CharField(
        label=_("Public key"),
        required=False,
        max_length=LONGEST_RECIPIENT,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Leave it empty to keep none."),
    )


class TokenForm(PlainForm):
    """What a token is for."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("For example the name of the program that will use it."),
        error_messages={"required": _("Enter what the token is for.")},
    )


class KeepCheckpointForm(PlainForm):
    """A checkpoint to keep."""

    checkpoint = forms.CharField(
        label=_("Checkpoint"),
        max_length=LONGEST_NOTE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text=_("Paste the whole text, with the line of the signature."),
        error_messages={"required": _("Paste a checkpoint first.")},
    )


def _choices(form: forms.Form, name: str, choices: list[Any]) -> None:
    """Set choices when the form is made, so that they are in the language of the page."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
