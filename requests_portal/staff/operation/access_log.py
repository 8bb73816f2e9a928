"""The access log: who looked at which case, when, and in what role. Looking at it is logged too."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str

from requests_portal.sign_in.adapters import fresh_sign_in_required
from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import ReadOnlyAdmin, column
from requests_portal.staff.case.actions.complaints import PAGES as COMPLAINT_PAGES
from requests_portal.staff.case.actions.table import PAGES
from workflows.common.csv_lines import csv_header, csv_line
from workflows.ledger.append import format_time
from workflows.oversight.access_log import (
    ACCESS_EVENTS,
    ACCESS_TARGETS,
    access_events,
    matching,
    record_look_at_log,
)
from workflows.oversight.models import AccessEvent
from workflows.vocabulary.roles import ROLE_NAMES, Role

COLUMNS = ("at", "person", "pseudonym", "role", "look", "what", "regime", "case_number", "case")
# What was looked at, in words; pages that do something are called by what they do.
WHAT = ACCESS_TARGETS | {
    page.audit_name: page.name for page in (*PAGES.values(), *COMPLAINT_PAGES.values())
}


class DaysFilter(RangeDateFilter):
    """Days from and until, both included, in the reader's time zone."""

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccessEvent]
    ) -> QuerySet[AccessEvent]:
        """Keep the looks of these days."""
        first = self._day("from")
        last = self._day("to")
        if first:
            queryset = queryset.filter(at__gte=first)
        if last:
            queryset = queryset.filter(at__lt=last + timedelta(days=1))
        return queryset

    def _day(self, end: str) -> datetime | None:
        day = parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "")
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None


class RoleFilter(admin.SimpleListFilter):
    """The role in which somebody looked."""

    title = gettext_lazy("role")
    parameter_name = "in_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the roles that can look at anything."""
        return [(role, name) for role, name in ROLE_NAMES.items() if role != Role.PUBLIC]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccessEvent]
    ) -> QuerySet[AccessEvent]:
        """Keep the looks in this role."""
        return queryset.filter(role=self.value()) if self.value() else queryset


class LookFilter(admin.SimpleListFilter):
    """The kind of look."""

    title = pgettext_lazy("access log", "what was done")
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the kinds."""
        return list(ACCESS_EVENTS.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccessEvent]
    ) -> QuerySet[AccessEvent]:
        """Keep the looks of this kind."""
        return queryset.filter(name=self.value()) if self.value() else queryset


# What narrows the list. Other names in an address were typed by somebody, and stay out of the log.
_NARROWS = frozenset(
    {SEARCH_VAR, "at_from", "at_to", RoleFilter.parameter_name, LookFilter.parameter_name}
)


def _narrowed_by(request: HttpRequest) -> frozenset[str]:
    return _NARROWS & set(request.GET)


@admin.register(AccessEvent)
class AccessLogAdmin(ReadOnlyAdmin):
    """Looks, the latest first; searched by the name of a person or the number of a case."""

    list_display = ("moment", "who", "role_name", "look", "case_link")
    list_display_links = None
    list_filter = (("at", DaysFilter), RoleFilter, LookFilter)
    list_filter_submit = True
    list_per_page = 50
    list_before_template = "staff/access_log.html"
    search_fields = ("actor",)
    search_help_text = gettext_lazy("Name or pseudonym of a person, or a case number")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessEvent]:
        """Return the looks among all steps of the log."""
        return access_events(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AccessEvent], search_term: str
    ) -> tuple[QuerySet[AccessEvent], bool]:
        """Search people and case numbers, which the log itself does not know."""
        term = search_term.strip()
        return matching(queryset, term) if term else queryset, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, once this look is in it."""
        if self.has_view_permission(request):
            record_look_at_log(actor_of(request), narrowed_by=_narrowed_by(request), exported=False)
        return super().changelist_view(request, extra_context)

    # --- Columns ---------------------------------------------------------------------------
    moment = column(
        pgettext_lazy("access log", "time"),
        lambda look: f"{timezone.localtime(look.at):%Y-%m-%d %H:%M:%S}",
        ordering="at",
    )
    # The name, or the pseudonym of one whose account is gone.
    who = column(
        gettext_lazy("who"),
        lambda look: getattr(look, "person", None) or look.actor or "–",
        ordering="actor",
    )
    role_name = column(
        gettext_lazy("role"), lambda look: str(ROLE_NAMES[Role(look.role)]), ordering="role"
    )

    @admin.display(description=pgettext_lazy("access log", "what was done"), ordering="name")
    def look(self, look: AccessEvent) -> str:
        """Return the kind of look, with the law and the page where there is one."""
        what = str(look.facts.get("what", ""))
        details = [str(look.facts.get("regime") or ""), str(WHAT.get(what, what))]
        details = [detail for detail in details if detail]
        sentence = str(ACCESS_EVENTS[look.name])
        if not details:
            return sentence
        return _("%(look)s (%(at)s)") % {"look": sentence, "at": " · ".join(details)}

    @admin.display(description=gettext_lazy("case"))
    def case_link(self, look: AccessEvent) -> str:
        """Return the case number as a link."""
        number = getattr(look, "case_number", None)
        if not number:
            return "–"
        queue = reverse("admin:cases_case_changelist")
        return format_html('<a href="{}?group=all&amp;q={}">{}</a>', queue, number, number)

    # --- Download --------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        """Add the download."""
        download = self.admin_site.admin_view(fresh_sign_in_required(require_safe(self.download)))
        return [path("csv/", download, name="oversight_accessevent_csv"), *super().get_urls()]

    def download(self, request: HttpRequest) -> StreamingHttpResponse:
        """Give what the list shows with these filters as a CSV file, whatever its length."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        record_look_at_log(actor_of(request), narrowed_by=_narrowed_by(request), exported=True)
        return StreamingHttpResponse(
            _lines(found),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="access-log.csv"'},
        )


def _lines(found: QuerySet[AccessEvent]) -> Iterator[bytes]:
    yield csv_header(COLUMNS, bom=True)
    for look in found.iterator(chunk_size=1000):
        facts = look.facts
        yield csv_line(
            [
                format_time(look.at.astimezone(UTC)),
                getattr(look, "person", None) or "",
                look.actor,
                look.role,
                look.name,
                str(facts.get("what", "")),
                str(facts.get("regime", "") or ""),
                getattr(look, "case_number", None) or "",
                str(look.case or ""),
            ]
        )
