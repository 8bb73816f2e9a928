"""Finding cases by their number or by an e-mail address that is stored only sealed.

What was typed, which may be a name, never becomes part of a link, where browsers and proxies would
keep it: the search is sent as a form, and what it found is linked by the ids of the cases.
"""

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Q, prefetch_related_objects
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from workflows.cases.access import normalise_number
from workflows.cases.email_index import addresses_of
from workflows.cases.filing import EMAIL_INDEX
from workflows.cases.mail import share_confirmed_address
from workflows.cases.models import Case
from workflows.mail.addresses import normalise_email
from workflows.vault import blind_index
from workflows.vault.models import BlindIndexEntry

# More cases than this under one address are listed in part.
MOST_FOUND = 100


def find_cases(term: str) -> list[Case]:
    """Return the cases with this e-mail address, or with this number or part of one.

    Costs two queries at most.
    """
    if "@" in term:
        keys = blind_index.find(EMAIL_INDEX, normalise_email(term))
        return list(Case.objects.filter(data_key__in=keys)[:MOST_FOUND])
    same = Q(number=normalise_number(term)) | Q(number__contains=term.upper())
    return list(Case.objects.filter(same)[:MOST_FOUND])


def related_cases(case: Case) -> list[Case]:
    """Return the other cases that share an e-mail address with this one. One query.

    More while there are former index keys, under which other cases may still be indexed.
    """
    others = Case.objects.exclude(pk=case.pk)
    if settings.INDEX_OLD_KEYS and case.erased_at is None:
        keys = blind_index.find_any(EMAIL_INDEX, addresses_of(case))
        return list(others.filter(data_key__in=keys).order_by("-filed_at")[:MOST_FOUND])
    same = BlindIndexEntry.objects.filter(
        column=EMAIL_INDEX,
        digest__in=BlindIndexEntry.objects.filter(
            column=EMAIL_INDEX, data_key=case.data_key_id
        ).values("digest"),
    )
    others = others.filter(data_key__in=same.values("data_key"))
    return list(others.order_by("-filed_at")[:MOST_FOUND])


def merge_candidates(case: Case) -> list[tuple[Case, bool]]:
    """Return the cases with the same e-mail address, each with whether it was confirmed for both.

    Those that come first can be merged with it by one person.
    """
    related = related_cases(case)
    prefetch_related_objects(related, "people", "data_key")
    candidates = [(other, share_confirmed_address(case, other)) for other in related]
    return sorted(candidates, key=lambda pair: not pair[1])


def search(request: HttpRequest, site: AdminSite) -> HttpResponseRedirect:
    """Go to the case that was searched for, or to the list of those that were found."""
    term = request.POST.get("term", "").strip()
    queue = reverse("admin:cases_case_changelist", current_app=site.name)
    found = find_cases(term) if term else []
    if len(found) == 1:
        return HttpResponseRedirect(
            reverse("admin:cases_case_change", args=[found[0].pk], current_app=site.name)
        )
    if not found:
        messages.warning(
            request, _("No case was found. The list below is the queue, not a search result.")
        )
        return HttpResponseRedirect(queue)
    query = {"group": "all", "id__in": ",".join(str(case.pk) for case in found)}
    return HttpResponseRedirect(f"{queue}?{urlencode(query)}")
