"""API tokens of a regulator: made here, shown once, usable when a privacy officer has approved."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from requests_portal.presentation.responses import page_errors
from requests_portal.regulators.access import fresh_account_page
from requests_portal.regulators.forms import TokenForm
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.regulators import RegulatorScope
from workflows.accounts.tokens import make_regulator_token, revoke_regulator_token, waiting_tokens


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_account_page
def tokens(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """List the tokens of the account, and make another one, whose secret is shown this once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if form.is_valid():
        try:
            secret = make_regulator_token(scope, form.cleaned_data["name"])
        except ApprovalRefused as refused:
            form.add_error("name", str(refused))
        else:
            form = TokenForm()
    context = {
        "form": form,
        "errors": page_errors(form),
        "secret": secret,
        "tokens": scope.account.tokens.all(),
        "waiting": waiting_tokens(scope.account),
        "here": "tokens",
    }
    return render(request, "regulators/tokens.html", context)


@require_POST
@fresh_account_page
def revoke_token(request: HttpRequest, scope: RegulatorScope, token_id: UUID) -> HttpResponse:
    """End one token of the account now."""
    revoke_regulator_token(scope.account, token_id, scope.actor)
    messages.success(request, _("The token is revoked. Programs that use it are refused now."))
    return redirect("regulators:tokens")
