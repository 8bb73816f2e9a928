"""The navigation at the side: saved filters of the queue, and what each role keeps in order."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from requests_portal.sign_in.people import has_case_role
from requests_portal.staff.home.dashboard import SAVED_FILTERS
from requests_portal.staff.operation.approvals import waiting_count

ICONS = {
    "mine": "person",
    "team": "group",
    "week": "event",
    "late": "alarm",
    "waiting": "hourglass_empty",
    "approval": "rule",
    "executing": "build",
    "complaints": "feedback",
    "returned": "undo",
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of links; those that the reader may not follow are left out."""
    return [
        {"items": [{"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}]},
        *(_cases(request) if has_case_role(request) else ()),
        {
            "title": _("Training data"),
            "items": [
                _list(request, "datasets", "dataset", _("Datasets"), "dataset"),
                _list(request, "datasets", "snapshot", _("Snapshots"), "photo_library"),
                _list(request, "datasets", "trainedmodel", _("Models"), "neurology"),
                _list(request, "datasets", "recipient", _("Recipients"), "forward_to_inbox"),
                _list(request, "accounts", "pipelinetoken", _("Pipelines"), "key"),
                _list(request, "corrections", "manifest", _("Manifests"), "edit_document"),
                _list(
                    request,
                    "corrections",
                    "recipientnotice",
                    _("Notices to recipients"),
                    "outgoing_mail",
                ),
                _list(request, "corrections", "reingestion", _("Reappeared data"), "undo"),
                _list(
                    request,
                    "model_outputs",
                    "suppression",
                    _("Suppressed phrases"),
                    "speaker_notes_off",
                ),
            ],
        },
        {
            "title": _("Settings"),
            "items": [
                _list(request, "routing", "team", _("Teams"), "groups"),
                _list(request, "routing", "routingrule", _("Routing rules"), "alt_route"),
                _list(request, "regimes", "businesscalendar", _("Working days"), "calendar_month"),
                _list(request, "regimes", "publishedlimit", _("Time limits"), "timer"),
                _list(
                    request,
                    "regimes",
                    "providerprofileversion",
                    _("Provider profile"),
                    "domain",
                ),
                {
                    "title": _("Which law when"),
                    "icon": "gavel",
                    "link": reverse("admin:regimes_providerprofileversion_which_law"),
                    "permission": lambda asking: asking.user.has_perm(
                        "regimes.view_providerprofileversion"
                    ),
                },
                _list(
                    request,
                    "cases",
                    "identitypolicy",
                    _("Second looks at identity"),
                    "group_search",
                ),
                _list(request, "notices", "noticetext", _("Texts of notices"), "article"),
                _list(
                    request,
                    "notices",
                    "clauseattestation",
                    _("Clauses that counsel attests"),
                    "approval",
                ),
            ],
        },
        {
            "title": _("Accounts"),
            "items": [
                _list(request, "auth", "user", _("People and roles"), "badge"),
                _list(request, "accounts", "regulatoraccount", _("Regulators"), "account_balance"),
                _approvals(request),
                _list(request, "accounts", "accountevent", _("Account log"), "manage_accounts"),
            ],
        },
        {
            "title": _("Operation"),
            "items": [
                _list(request, "outbox", "effect", _("Failed effects"), "mark_email_unread"),
                _list(request, "exports", "bundlejob", _("Exports"), "folder_zip"),
                _list(request, "oversight", "accessevent", _("Access log"), "visibility"),
                _list(request, "witnesses", "witness", _("Witnesses of the log"), "verified"),
            ],
        },
    ]


def _cases(request: HttpRequest) -> list[dict[str, Any]]:
    queue = reverse("admin:cases_case_changelist")
    saved = [
        {
            "title": name,
            "icon": ICONS[key],
            "link": f"{queue}?{urlencode(query)}",
            "active": _is_shown(queue, query),
        }
        for key, (name, query) in SAVED_FILTERS.items()
    ]
    every = {"group": "all"}
    return [
        {
            "title": _("Cases"),
            "items": [
                {
                    "title": _("Open cases"),
                    "icon": "inbox",
                    "link": queue,
                    "active": _is_shown(queue, {}),
                },
                *saved,
                {
                    "title": _("All cases"),
                    "icon": "inventory_2",
                    "link": f"{queue}?{urlencode(every)}",
                    "active": _is_shown(queue, every),
                },
            ],
        }
    ]


def _is_shown(path: str, query: dict[str, str]) -> Callable[[HttpRequest], bool]:
    """Return what tells whether exactly this filter is on the screen."""
    return lambda request: request.path == path and request.GET.dict() == query


def _approvals(request: HttpRequest) -> dict[str, Any]:
    """Return the link to the approvals, with how many wait for the reader."""
    link = _list(request, "accounts", "approvalrequest", _("Approvals"), "how_to_reg")
    waits = waiting_count(request)
    return {**link, "badge": str(waits)} if waits else link


def _list(request: HttpRequest, app: str, model: str, title: str, icon: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{app}_{model}_changelist"),
        "permission": lambda _request: request.user.has_perm(f"{app}.view_{model}"),
    }
