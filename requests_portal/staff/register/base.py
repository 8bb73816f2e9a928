"""What the pages of the register share: who may, how a refusal is shown, pages that ask once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from requests_portal.staff.base_admin import StaffAdmin
from requests_portal.staff.people import names_of
from workflows.cases.errors import CaseError


def sign(tone: str, mark: str, words: Any) -> SafeString:
    """Return words with a sign before them, coloured by the style sheet."""
    return format_html(
        '<span class="clock clock-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone,
        mark,
        words,
    )


class ReasonForm(forms.Form):
    """Asks for a ground, which goes into the log."""

    ground = forms.CharField(
        label=_("Ground"),
        help_text=_("It stands in the log for ever: name no person."),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget,
    )


class NothingForm(forms.Form):
    """Asks for nothing but to go on."""


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]  # none at run time
    """A form with a field called dataset: the theme takes a bare one for something of its own."""

    prefix = "entry"


class RegisterAdmin(StaffAdmin):
    """Base of the lists of the register. Entries are kept: nothing of it is deleted."""

    list_per_page = 50
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: answers were given that rest on it."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what the register refuses as a message; nothing was kept of it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except CaseError as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list under its own name, not as a choice to make."""
        title = {"title": self.opts.verbose_name_plural}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def ask(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        intro: Any,
        button: Any,
        do: Callable[[Any, Any], object],
        form_class: type[forms.Form] = NothingForm,
        permission: str = "change",
    ) -> HttpResponse:
        """Show one question about an entry, and do it when it is answered.

        `do` gets the entry and what was typed; what it refuses is shown on the same page.
        """
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        if not request.user.has_perm(f"{self.opts.app_label}.{permission}_{self.opts.model_name}"):
            raise PermissionDenied
        back = self.reverse_change(entry)
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                do(entry, form.cleaned_data)
            except CaseError as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Done."))
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": entry,
            "intro": intro,
            "button": button,
            "form": form,
            "back": back,
        }
        return TemplateResponse(request, "staff/question.html", context)

    def reverse_change(self, entry: Any) -> str:
        """Return the address of the page of an entry."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"admin:{name}_change", args=[entry.pk])


@admin.display(description=_("registered by"))
def registered_by_name(entry: Any) -> str:
    """Return the name of who registered an entry, or the pseudonym when the account is gone."""
    return names_of([entry.registered_by]).get(entry.registered_by, entry.registered_by) or "–"
