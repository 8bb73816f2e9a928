"""Pages of an entry that ask one question, and do what was asked when it is answered."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from requests_portal.staff.base_admin import StaffAdmin
from workflows.common.errors import DomainError, InvalidEntry


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
