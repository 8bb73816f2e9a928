"""The key to which a regulator's exports are encrypted."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from requests_portal.public.page_errors import page_errors
from requests_portal.regulators.access import fresh_account_page
from requests_portal.regulators.forms import RecipientForm
from workflows.accounts.regulators import RegulatorScope
from workflows.common.errors import InvalidInput
from workflows.exports.recipients import keep_recipient


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_account_page
def key(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the public key that is kept, say how to make one, and take another."""
    kept = scope.account.age_recipient
    form = RecipientForm(request.POST or None, initial={"recipient": kept})
    if form.is_valid():
        try:
            kept = keep_recipient(scope.account, form.cleaned_data["recipient"])
        except InvalidInput as error:
            form.add_error("recipient", str(error))
        else:
            told = _("The key is kept. You can now have an export encrypted to it.")
            messages.success(request, told if kept else _("No key is kept any more."))
            return redirect("regulators:new_export")
    context = {"form": form, "errors": page_errors(form), "here": "exports"}
    return render(request, "regulators/key.html", context)
