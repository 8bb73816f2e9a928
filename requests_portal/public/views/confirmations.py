"""Pages behind mailed links: each shows a button, and only the button confirms.

Mail scanners open every link, so opening it must change nothing.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from requests_portal.presentation.responses import download, private
from workflows.corrections.recipient_mail import entries_for_recipient, lines_for_recipient
from workflows.corrections.recipients import InvalidLink, find_notice
from workflows.corrections.recipients import confirm as confirm_notice
from workflows.identity.contact import InvalidChallenge, confirm_contact, find_challenge

SHOWN = 200


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


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_recipient(request: HttpRequest, token: str) -> HttpResponse:
    """Show the records and the button, or take the confirmation."""
    try:
        if request.method == "POST":
            confirmed = {"notice": confirm_notice(token)}
            return render(request, "public/recipient_confirmed.html", confirmed)
        notice = find_notice(token)
    except InvalidLink as invalid:
        return _refused(request, invalid)
    entries = entries_for_recipient(notice)
    context = {
        "notice": notice,
        "snapshot": notice.manifest.snapshot,
        "entries": entries[:SHOWN],
        "count": len(entries),
        "shown": SHOWN,
        "replaces": any(entry.replacement_ref for entry in entries),
        "token": token,
    }
    return render(request, "public/recipient.html", context)


@private
@require_safe
def records(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give all records as JSONL."""
    try:
        notice = find_notice(token)
    except InvalidLink as invalid:
        return _refused(request, invalid)
    lines = (line.encode() for line in lines_for_recipient(notice))
    return download(lines, "records.jsonl", "application/x-ndjson")


def _refused(request: HttpRequest, invalid: InvalidLink) -> HttpResponse:
    context = {"sentence": str(invalid)}
    return render(request, "public/recipient_invalid.html", context, status=410)
