"""What the staff's lists and forms share: columns, rights, questions before a step, pages.

What a list shows and what nobody may do with it is said as data: `column`, `StaffAdmin.forbidden`.
"""

import json
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError, transaction
from django.http import HttpRequest
from unfold import decorators

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    class ThemeAdmin(ModelAdmin[Any]):
        """What the theme adds to Django's class, as far as we call it."""

        def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
            """Return the buttons of an entry."""
            raise NotImplementedError

else:
    from unfold.admin import ModelAdmin as ThemeAdmin


from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from requests_portal.sign_in.people import names_of
from workflows.common.errors import DomainError, InvalidEntry

__all__ = ["StaffAdmin", "action", "column"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
# What is only looked at.
READ_ONLY = frozenset({"add", "change", "delete"})
# What stands once it was added: whatever rests on it must stay true.
APPEND_ONLY = frozenset({"change", "delete"})
KEPT = frozenset({"delete"})


# Below this PostgreSQL counts faster than anybody notices, so the exact number is shown.
ENOUGH_TO_ESTIMATE = 20_000


def column(
    heading: Any,
    shown: str | Callable[[Any], Any],
    *,
    ordering: str | None = None,
    boolean: bool | None = None,
) -> Callable[[Any, Any], Any]:
    """Return a column of a list, or a line of a page, that only shows something of an entry.

    `shown` is a function of the entry, or the path of an attribute: `case.number`.
    """
    show = attrgetter(shown) if isinstance(shown, str) else shown

    @admin.display(description=heading, ordering=ordering, boolean=boolean)
    def cell(_admin: Any, entry: Any) -> Any:
        return show(entry)

    return cell


def action(
    *, description: Any, url_path: str, permissions: list[str] | None = None
) -> Callable[[ViewT], ViewT]:
    """Return the theme's decorator of a page behind a button of an entry, which has no types."""
    marked: Callable[[ViewT], ViewT] = decorators.action(
        description=description, url_path=url_path, permissions=permissions
    )
    return marked


class StaffAdmin(ThemeAdmin):
    """Lists, forms and pages of the staff."""

    # What nobody may do here, whatever their permissions are.
    forbidden: frozenset[str] = frozenset()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether entries may be added."""
        return "add" not in self.forbidden and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether an entry may be changed."""
        return "change" not in self.forbidden and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether an entry may be deleted."""
        return "delete" not in self.forbidden and super().has_delete_permission(request, obj)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list; take a filter that the database refuses for one that is not right.

        Django does so for what is wrong with a value before it is asked.
        """
        try:
            with transaction.atomic():
                return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:
            if not request.GET:
                raise
            raise IncorrectLookupParameters from error


class ServiceFormAdmin(StaffAdmin):
    """A list to which a service adds, by a form of its own; what it would do can be looked at."""

    # What stands once it was added; its page is not that of a row.
    forbidden = APPEND_ONLY

    service_form: type[forms.Form]
    service_template: str
    service_title: Any

    def submit(self, request: HttpRequest, form: Any) -> bool:
        """Call the service; False where it refused, with the sentence in the form."""
        raise NotImplementedError

    def preview(self, form: Any) -> Any:
        """Return what the service would do, or None where it would refuse."""
        raise NotImplementedError

    def service_context(self) -> dict[str, Any]:
        """Return what the page shows beside the form."""
        return {}

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or take the form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, preview = self.service_form(request.POST or None), None
        if request.method == "POST" and form.is_valid():
            if "preview" in request.POST:
                preview = self.preview(form)
            elif self.submit(request, form):
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
                return HttpResponseRedirect(reverse(name))
        context = {
            **self.admin_site.each_context(request),
            **self.service_context(),
            "opts": self.opts,
            "title": self.service_title,
            "form": form,
            "preview": preview,
        }
        return TemplateResponse(request, self.service_template, context)


class ReadOnlyAdmin(StaffAdmin):
    """A list that is looked at and not written."""

    forbidden = READ_ONLY


class EmptyForm(forms.Form):
    """Asks for nothing but to go on."""


class ConfirmActionMixin(StaffAdmin):
    """Base of lists whose entries have pages that ask once."""

    def is_offered(self, entry: Any, path: str) -> bool:
        """Return whether the page of an entry has a button for what lies at `path`, as it is now.

        Who comes there all the same is told why not by the service.
        """
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the buttons of an entry: what its reader may do, and what can be done now."""
        actions = super().get_actions_detail(request, object_id)
        entry = self.get_object(request, str(object_id)) if actions else None
        return [one for one in actions if entry is None or self.is_offered(entry, one.path)]

    def ask(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        intro: Any,
        button: Any,
        do: Callable[[Any, Any], object],
        form_class: Callable[[Any], forms.Form] = EmptyForm,
        permission: str = "change",
    ) -> HttpResponse:
        """Show one question about an entry, and do it when it is answered.

        `do` gets the entry and what was typed; what it refuses is shown on the same page.
        `permission` is a verb for entries of this list, or the whole name of a permission.
        """
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        if "." not in permission:
            permission = f"{self.opts.app_label}.{permission}_{self.opts.model_name}"
        if not request.user.has_perm(permission):
            raise PermissionDenied
        back = self.reverse_change(entry)
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                do(entry, form.cleaned_data)
            except InvalidEntry as refused:
                for field, sentences in refused.errors.items():
                    form.add_error(field if field in form.fields else None, sentences)
            except DomainError as refused:
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
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[entry.pk])


class EstimatingPaginator(Paginator):
    """Counts up to a limit, and takes the length of longer lists from the planner."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, estimated where there are more than `ENOUGH_TO_ESTIMATE`."""
        rows = cast("QuerySet[Any]", self.object_list).order_by()
        counted = rows[: ENOUGH_TO_ESTIMATE + 1].count()
        return max(counted, _estimate(rows)) if counted > ENOUGH_TO_ESTIMATE else counted


def _estimate(rows: QuerySet[Any]) -> int:
    (plan,) = json.loads(rows.values("pk").explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])


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
        label=gettext_lazy("Explanation"),
        help_text=gettext_lazy("It stands in the log for ever: name no person."),
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


@admin.display(description=gettext_lazy("registered by"))
def registered_by_name(entry: Any) -> str:
    """Return the name of who registered an entry, or the pseudonym when the account is gone."""
    return names_of([entry.registered_by]).get(entry.registered_by, entry.registered_by) or "–"
