"""The page behind the mailed link: it shows a button, and only the button confirms.

Mail scanners open every link, so opening it must change nothing.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from requests_portal.public.responses import private
from workflows.identity.contact import InvalidChallenge, confirm_contact, find_challenge


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button that confirms a contact, or confirm it."""
    try:
        if request.method == "POST":
            case = confirm_contact(token)
            return render(request, "public/confirmed.html", {"case": case})
        return render(request, "public/confirm.html", {"case": find_challenge(token).case})
    except InvalidChallenge as invalid:
        context = {"sentence": str(invalid)}
        return render(request, "public/confirm_invalid.html", context, status=410)
