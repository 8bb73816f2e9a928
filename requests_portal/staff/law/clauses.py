"""The clauses of notices: their words in each language, and counsel's attestation of each."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from requests_portal.sign_in.people import actor_of, names_of
from requests_portal.staff.base.model_admin import APPEND_ONLY, StaffAdmin
from workflows.common.errors import DomainError
from workflows.notices.clauses import (
    MAX_OFFICE,
    Clause,
    attest,
    clause_named,
    clauses,
    withdraw,
)
from workflows.notices.models import ClauseAttestation


class AttestationForm(forms.Form):
    """The words in each language, and which office attests as of which day that they are true."""

    version = forms.CharField(widget=forms.HiddenInput)
    office = forms.CharField(
        label=gettext_lazy("Office"),
        help_text=gettext_lazy("Who answers for it, such as the legal department. No names."),
        max_length=MAX_OFFICE,
        widget=UnfoldAdminTextInputWidget,
    )
    on = forms.DateField(
        label=gettext_lazy("As of"),
        widget=forms.DateInput(attrs={"type": "date", "class": "staff-date"}),
    )

    def __init__(self, *args: Any, clause: Clause, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(version=clause.version, on=timezone.localdate())
        names = dict(settings.LANGUAGES)
        words = {
            f"words_{language}": forms.CharField(
                label=_("Words in %(language)s") % {"language": names[language]},
                initial=text,
                max_length=2000,
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "lang": language}),
            )
            for language, text in clause.languages
        }
        self.fields = {**words, **self.fields}

    def words(self) -> dict[str, str]:
        """Return the words by language."""
        return {
            name.removeprefix("words_"): text
            for name, text in self.cleaned_data.items()
            if name.startswith("words_")
        }


@admin.register(ClauseAttestation)
class ClauseAttestationAdmin(StaffAdmin):
    """Every clause as it stands. An attestation is added; none is edited or taken away."""

    # Notices were sent on it.
    forbidden = APPEND_ONLY

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a clause."""
        page = path(
            "clause/<slug:code>/",
            self.admin_site.admin_view(self.clause_page),
            name="notices_clauseattestation_clause",
        )
        return [page, *super().get_urls()]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the list: a clause is attested on its own page."""
        return HttpResponseRedirect(reverse("admin:notices_clauseattestation_changelist"))

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Lead to the list."""
        return self.add_view(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show every clause with its words and how it stands."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = clauses()
        names = names_of({clause.last.attested_by for clause in found if clause.last})
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Clauses that counsel attests"),
            "rows": [
                (clause, names.get(clause.last.attested_by, "") if clause.last else "")
                for clause in found
            ],
            "language_names": dict(settings.LANGUAGES),
            "open": sum(not clause.is_attested for clause in found),
        }
        return TemplateResponse(request, "staff/notices/clauses.html", context)

    def clause_page(self, request: HttpRequest, code: str) -> HttpResponse:
        """Show a clause; take an attestation of it, or take the last one back."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            clause = clause_named(code)
        except LookupError:
            raise Http404 from None
        form = AttestationForm(request.POST or None, clause=clause)
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            if self._do(request, clause, form):
                return HttpResponseRedirect(reverse("admin:notices_clauseattestation_changelist"))
        history = list(ClauseAttestation.objects.filter(clause=code).order_by("-id"))
        names = names_of({row.attested_by for row in history})
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": clause.label,
            "clause": clause,
            "form": form,
            "may_attest": self.has_add_permission(request),
            "history": [(row, names.get(row.attested_by, row.attested_by)) for row in history],
        }
        return TemplateResponse(request, "staff/notices/clause.html", context)

    @staticmethod
    def _do(request: HttpRequest, clause: Clause, form: AttestationForm) -> bool:
        """Attest, or withdraw; put what was refused into the form."""
        actor = actor_of(request)
        try:
            if "withdraw" in request.POST:
                withdraw(clause.code, actor)
                messages.success(request, _("The clause is not sent any more."))
                return True
            if form.is_valid():
                data = form.cleaned_data
                attest(
                    clause.code,
                    actor,
                    data["office"],
                    data["on"],
                    words=form.words(),
                    version=data["version"],
                )
                messages.success(request, _("The clause is attested."))
                return True
        except DomainError as refused:
            if "withdraw" in request.POST:
                messages.error(request, str(refused))
            else:
                form.add_error(None, str(refused))
        return False
