"""The queue: the list of cases, sorted by due date, with its columns, filters and search."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from requests_portal.sign_in.people import display_name, has_case_role
from requests_portal.staff.base.model_admin import (
    READ_ONLY,
    EstimatingPaginator,
    StaffAdmin,
    column,
)
from requests_portal.staff.case import evidence, page, presenter
from requests_portal.staff.case.actions.complaint_pages import complaint_action_page
from requests_portal.staff.case.actions.pages import action_page
from requests_portal.staff.case.presenter import language_name
from requests_portal.staff.case.timeline import ClockWords, clock_words
from requests_portal.staff.queue import bulk, filters
from requests_portal.staff.queue.search import search
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.names import STATE_NAMES
from workflows.cases.selectors import IS_PAUSED
from workflows.vocabulary.item_kinds import ItemKind


def clock_label(words: ClockWords) -> SafeString:
    """Return the words of a clock with their sign, coloured by the style sheet."""
    return format_html(
        '<span class="clock clock-{}"><span aria-hidden="true">{}</span> {}</span>',
        words.tone,
        words.sign,
        words.text,
    )


@admin.register(Case)
class CaseAdmin(StaffAdmin):
    """Cases are listed and shown here, and changed only through the pages of their actions."""

    # A case comes from a filing, and changes by its actions; when it is erased, its steps stay.
    forbidden = READ_ONLY

    list_display = (
        "number",
        "clock",
        "state_name",
        "kind_names",
        "regime_codes",
        "language_of_person",
        "worked_by",
        "filed",
    )
    list_select_related = ("assignment__team", "assignment__assignee")
    list_filter = (
        filters.StateGroupFilter,
        filters.DueFilter,
        filters.ComplaintFilter,
        filters.ReturnedFilter,
        filters.WhoseFilter,
        filters.TeamFilter,
        filters.RegimeFilter,
        filters.KindFilter,
        filters.LanguageFilter,
    )
    list_per_page = 50
    list_fullwidth = True
    paginator = EstimatingPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("number",)
    search_help_text = _("Case number or e-mail address")
    actions = ("assign_selected", "ask_selected")

    # --- Who may ---------------------------------------------------------------------------
    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the queue in the navigation to those who work on cases."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        """Let those who hold the permission and a role that works on cases see them."""
        return super().has_view_permission(request, obj) and has_case_role(request)

    # --- The list --------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Return the cases: whether the clock stands still, and by when a complaint is due."""
        cases: QuerySet[Case] = super().get_queryset(request)
        return cases.annotate(
            paused=IS_PAUSED,
            complains=filters.COMPLAINS,
            complaint_due_at=filters.COMPLAINT_DUE_AT,
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """Match a part of the case number; an e-mail address is searched by `search`."""
        if search_term:
            queryset = queryset.filter(number__contains=search_term.strip().upper())
        return queryset, False

    @admin.display(description=_("time"), ordering="due_at")
    def clock(self, case: Case) -> SafeString:
        """Say how much time is left, and the day; beneath it the same of an open complaint."""
        lines = [self._time(case)]
        if getattr(case, "complains", False):
            due_at = case.complaint_due_at  # type: ignore[attr-defined]  # see `get_queryset`
            words = clock_words(State.RECEIVED, due_at, timezone.now())
            lines.append(format_html("{} {}", _("Complaint:"), clock_label(words)))
        return format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines))

    @staticmethod
    def _time(case: Case) -> SafeString:
        words = clock_words(
            case.state, case.due_at, timezone.now(), paused=getattr(case, "paused", False)
        )
        label = clock_label(words)
        if case.due_on is None or words.tone in {"done", "none"}:
            return label
        return format_html('{}<br><span class="quiet">{}</span>', label, f"{case.due_on:%Y-%m-%d}")

    state_name = column(_("state"), lambda case: str(STATE_NAMES[State(case.state)]))
    kind_names = column(
        _("items"),
        lambda case: format_html_join(
            SafeString("<br>"), "{}", ((ItemKind(kind).label,) for kind in case.kinds)
        ),
    )
    regime_codes = column(_("regime"), lambda case: ", ".join(case.applicable_regimes))
    language_of_person = column(_("language"), language_name, ordering="language")

    @admin.display(description=_("worked by"))
    def worked_by(self, case: Case) -> str:
        """Return the team, and the member who has the case."""
        assignment = getattr(case, "assignment", None)
        if assignment is None:
            return "–"
        if assignment.assignee is None:
            return str(assignment.team)
        return f"{assignment.team} · {display_name(assignment.assignee)}"

    filed = column(
        _("filed"),
        lambda case: f"{timezone.localtime(case.filed_at):%Y-%m-%d}",
        ordering="filed_at",
    )

    # --- Many at once ----------------------------------------------------------------------
    @admin.action(description=_("Assign…"), permissions=["view"])
    def assign_selected(
        self, request: HttpRequest, queryset: QuerySet[Case]
    ) -> HttpResponse | None:
        """Show what an assignment would do, then do it."""
        return bulk.run(bulk.ASSIGN, request, self.admin_site, queryset)

    @admin.action(description=_("Ask for information…"), permissions=["view"])
    def ask_selected(self, request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse | None:
        """Show whom a question would reach, then send it."""
        return bulk.run(bulk.ASK_INFORMATION, request, self.admin_site, queryset)

    # --- The pages of one case -------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a case to the addresses of the list."""

        def in_admin(view: Any) -> Any:
            def bound(request: HttpRequest, **kwargs: Any) -> Any:
                return view(request, self.admin_site, **kwargs)

            return self.admin_site.admin_view(bound)

        return [
            path("search/", in_admin(self.search_view), name="cases_case_search"),
            path(
                "<str:object_id>/do/<slug:slug>/", in_admin(action_page), name="cases_case_action"
            ),
            path(
                "<str:object_id>/complaints/<uuid:complaint_id>/<slug:slug>/",
                in_admin(complaint_action_page),
                name="cases_case_complaint",
            ),
            path(
                "<str:object_id>/files/<uuid:attachment_id>/",
                in_admin(page.attachment),
                name="cases_case_attachment",
            ),
            path(
                "<str:object_id>/files/<uuid:attachment_id>/delete/",
                in_admin(page.delete_attachment),
                name="cases_case_attachment_delete",
            ),
            path(
                "<str:object_id>/items/<int:position>/change/",
                in_admin(evidence.item_change_page),
                name="cases_case_item_change",
            ),
            path(
                "<str:object_id>/matches/",
                in_admin(evidence.matches_page),
                name="cases_case_matches",
            ),
            path(
                "<str:object_id>/matches/progress/",
                in_admin(evidence.progress),
                name="cases_case_progress",
            ),
            path(
                "<str:object_id>/proofs/<uuid:event_id>/",
                in_admin(page.proof),
                name="cases_case_proof",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page of a case in place of Django's form."""
        return page.case_page(request, self.admin_site, object_id)

    @staticmethod
    def search_view(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
        """Take the search form."""
        presenter.require_case_role(request)
        return require_POST(search)(request, site)
