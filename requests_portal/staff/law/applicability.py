"""Which law applies when: the provider's profile, tried out before it is set, and every place."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from requests_portal.presentation.applicability import laws_found
from requests_portal.presentation.deadlines import shown_regime
from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import ServiceFormAdmin
from workflows.cases.applicable_law import laws_for, profile_in_force
from workflows.cases.filing_request import is_residence
from workflows.cases.provider_profile import (
    places_moved,
    questions,
    set_profile,
    validate_profile,
)
from workflows.common.errors import InvalidInput
from workflows.regimes.applicability import PLACE_LISTS, ProviderProfile
from workflows.regimes.models import ProviderProfileVersion
from workflows.regimes.services import all_regimes, coming_changes
from workflows.vocabulary.places import countries_and_parts, place_name

_LABELS = {
    "established_in": gettext_lazy("Establishments"),
    "offers_service_in": gettext_lazy("Places to which the service is directed"),
    "processes_in": gettext_lazy("Places where data are stored, cleaned or used for training"),
    "monitors_in": gettext_lazy("Places where people's behaviour is observed or assessed"),
    "collected_in": gettext_lazy("Places where the data were collected, as far as known"),
}
_ANSWERS = [
    ("", gettext_lazy("Not answered: the law is taken to apply")),
    ("yes", gettext_lazy("Yes")),
    ("no", gettext_lazy("No: the law does not apply")),
]


class PlacesField(forms.CharField):
    """Codes of places with spaces or commas between them."""

    widget = UnfoldAdminTextInputWidget

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the codes, each once."""
        words = super().clean(value).upper().replace(",", " ").replace("，", " ").split()
        return tuple(dict.fromkeys(words))


class ProfileForm(forms.Form):
    """The next version of the profile, beginning from what holds now."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current, _version = profile_in_force()
        for key in PLACE_LISTS:
            self.fields[key] = PlacesField(
                label=_LABELS[key],
                help_text=_("Codes such as CN, DE-BE, US-CA. A country covers its parts, * all."),
                required=False,
                initial=" ".join(getattr(current, key)),
            )
        self.fields["main_establishment"] = forms.CharField(
            label=_("Main establishment"),
            help_text=_("Its authority and its holidays count for people outside the territory."),
            required=False,
            initial=current.main_establishment,
            widget=UnfoldAdminTextInputWidget,
        )
        self.fields["office"] = forms.CharField(
            label=_("Answered by"),
            help_text=_("The office that answers for it, such as the legal department. No names."),
            max_length=200,
            widget=UnfoldAdminTextInputWidget,
        )
        self.fields["answered_on"] = forms.DateField(
            label=_("As of"),
            initial=timezone.localdate(),
            widget=forms.DateInput(attrs={"type": "date", "class": "staff-date"}),
        )
        language = get_language() or "en"
        self.questions = list(questions())
        for question in self.questions:
            law = question.regime.name.in_language(language)
            asked = (
                question.text.in_language(language)
                if question.text
                else _("Is there a connection with its territory by which this law applies?")
            )
            self.fields[f"answer:{question.code}"] = forms.ChoiceField(
                label=f"{law} · {asked}",
                choices=_ANSWERS,
                required=False,
                initial=current.answers.get(question.code, ""),
                widget=UnfoldAdminSelectWidget,
            )

    def profile(self) -> ProviderProfile:
        """Return what was entered."""
        data = self.cleaned_data
        answers = {
            question.code: answer
            for question in self.questions
            if (answer := data.get(f"answer:{question.code}"))
        }
        main = data["main_establishment"].strip().upper()
        return ProviderProfile.from_dict({**data, "main_establishment": main, "answers": answers})


@admin.register(ProviderProfileVersion)
class ProviderProfileAdmin(ServiceFormAdmin):
    """Every version. A new one is set; none is edited or taken away: cases were filed under it."""

    service_form = ProfileForm
    service_template = "staff/provider_profile.html"
    service_title = gettext_lazy("Set the provider profile")

    list_display = ("answered_on", "office", "set_at")

    def get_urls(self) -> list[URLPattern]:
        """Add the page that tells which law applies when."""
        page = path(
            "which-law/",
            self.admin_site.admin_view(self.which_law_view),
            name="regimes_providerprofileversion_which_law",
        )
        return [page, *super().get_urls()]

    def which_law_view(self, request: HttpRequest) -> HttpResponse:
        """Tell which laws apply to people of a place, and what of all laws will change."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        residence = request.GET.get("residence", "")
        laws = laws_for(residence, ()) if is_residence(residence) else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Which law when"),
            "places": countries_and_parts(),
            "residence": residence,
            "applicability": laws_found(laws, residence) if laws else None,
            "regimes": [shown_regime(law, residence) for law in laws.regimes] if laws else [],
            "coming": _coming(),
        }
        return TemplateResponse(request, "staff/which_law.html", context)

    def preview(self, form: ProfileForm) -> list[dict[str, Any]] | None:
        """Return the places that it would move; put what was refused into the form."""
        try:
            validate_profile(form.profile(), form.cleaned_data["answered_on"])
        except InvalidInput as refused:
            form.add_error(None, str(refused))
            return None
        return _moved(form.profile())

    def submit(self, request: HttpRequest, form: ProfileForm) -> bool:
        """Set the profile; put what was refused into the form."""
        data = form.cleaned_data
        try:
            set_profile(
                actor_of(request),
                form.profile(),
                office=data["office"],
                answered_on=data["answered_on"],
            )
        except InvalidInput as refused:
            form.add_error(None, str(refused))
            return False
        messages.success(request, _("It holds for the requests that come in from now on."))
        return True


def _moved(profile: ProviderProfile) -> list[dict[str, Any]]:
    """Return the places that a profile would move, those with the same laws in one row."""
    rows: dict[tuple[str, str], list[str]] = {}
    for each in places_moved(profile_in_force()[0], profile):
        change = (_names(each.before), _names(each.after))
        rows.setdefault(change, []).append(place_name(each.place))
    return [
        {"places": places, "before": before, "after": after}
        for (before, after), places in rows.items()
    ]


def _names(codes: tuple[str, ...]) -> str:
    """Return laws in words; none is the provider's own policy."""
    names = {law.code: law.name.in_language(get_language() or "en") for law in all_regimes()}
    return _("; ").join(names[code] for code in codes) or _("no law: our own policy")


def _coming() -> list[dict[str, Any]]:
    """Return what begins or ends in the laws from today on, in words."""
    language = get_language() or "en"
    return [
        {
            "on": change.on,
            "law": regime.name.in_language(language),
            "what": " › ".join(map(str, change.path)),
            "begins": change.begins,
        }
        for regime, change in coming_changes(timezone.localdate())
    ]
