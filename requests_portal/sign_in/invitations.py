"""The page behind the mailed link with which somebody sets the password of their account.

Mail scanners open every link, so opening it changes nothing: the password that is sent does.
"""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from requests_portal.presentation.responses import private
from workflows.accounts.errors import InvalidInvitation
from workflows.accounts.invitations import Purpose, accept, find_invitation


@private
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a password, or set it and lead to the sign-in."""
    try:
        found = find_invitation(token)
        form = SetPasswordForm(found.account, request.POST or None)
        if form.is_valid():
            accept(token, form.cleaned_data["new_password1"])
            # Somebody else may be signed in here, and would go on in their own name.
            logout(request)
            messages.success(request, _("Your password is set. Sign in with it now."))
            return HttpResponseRedirect(reverse("account_login"))
    except InvalidInvitation as invalid:
        refusal = {"sentence": str(invalid)}
        return render(request, "account/invitation_invalid.html", refusal, status=410)
    context = {"form": form, "account": found.account, "invited": found.purpose == Purpose.INVITE}
    return render(request, "account/invitation.html", context)
