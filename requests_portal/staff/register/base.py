"""What the pages of the register share: who may, and how a refusal is shown."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from requests_portal.staff.asking import ConfirmActionMixin
from requests_portal.staff.base_admin import KEPT
from requests_portal.staff.people import names_of
from workflows.common.errors import DomainError


def sign(tone: str, mark: str, words: Any) -> SafeString:
    """Return words with a sign before them, coloured by the style sheet."""
    return format_html(
        '<span class="clock clock-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone,
        mark,
        words,
    )


class ReasonForm(forms.Form):
    """Asks for a ground, or how something was done, which goes into the log."""

    ground = forms.CharField(
        label=_("Explanation"),
        help_text=_("It stands in the log for ever: name no person."),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget,
    )


class EntryForm(forms.ModelForm):
    """A form with a field called dataset: the theme takes a bare one for something of its own."""

    prefix = "entry"


class RegisterAdmin(ConfirmActionMixin):
    """Base of the lists of the register. Entries are kept: nothing of it is deleted."""

    # Answers were given that rest on it.
    forbidden = KEPT

    list_per_page = 50
    show_full_result_count = False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what the register refuses as a message; nothing was kept of it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list under its own name, not as a choice to make."""
        title = {"title": self.opts.verbose_name_plural}
        return super().changelist_view(request, {**title, **(extra_context or {})})


@admin.display(description=_("registered by"))
def registered_by_name(entry: Any) -> str:
    """Return the name of who registered an entry, or the pseudonym when the account is gone."""
    return names_of([entry.registered_by]).get(entry.registered_by, entry.registered_by) or "–"
