"""The account log: who gave, took or used which access, when; for privacy officers."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from requests_portal.staff.base.model_admin import ReadOnlyAdmin, column
from workflows.accounts.account_log import ACCOUNT_EVENTS, account_events, details, matching
from workflows.accounts.models import AccountEvent
from workflows.vocabulary.roles import ROLE_NAMES, Role


class EventFilter(admin.SimpleListFilter):
    """The kind of step."""

    title = pgettext_lazy("account log", "what was done")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the kinds."""
        return list(ACCOUNT_EVENTS.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccountEvent]
    ) -> QuerySet[AccountEvent]:
        """Keep the steps of this kind."""
        return queryset.filter(name=self.value()) if self.value() else queryset


@admin.register(AccountEvent)
class AccountLogAdmin(ReadOnlyAdmin):
    """Steps about accounts, the latest first; searched by who did it or whom it was about."""

    list_display = ("moment", "who", "role_name", "what", "whom", "shown_details")
    list_display_links = None
    list_filter = (EventFilter,)
    list_per_page = 50
    date_hierarchy = "at"
    search_fields = ("actor",)
    search_help_text = gettext_lazy("Name or pseudonym of who did it, or of whom it was about")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountEvent]:
        """Return the steps about accounts among all steps of the log."""
        return account_events(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AccountEvent], search_term: str
    ) -> tuple[QuerySet[AccountEvent], bool]:
        """Search people, whom the log itself does not know."""
        term = search_term.strip()
        return matching(queryset, term) if term else queryset, False

    moment = column(
        pgettext_lazy("access log", "time"),
        lambda event: f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}",
        ordering="at",
    )

    @admin.display(description=gettext_lazy("who"), ordering="actor")
    def who(self, event: AccountEvent) -> str:
        """Return the name, or the pseudonym of one whose account is gone."""
        if event.role == Role.SYSTEM:
            return _("the system, or a command on the server")
        return getattr(event, "person", None) or event.actor or _("whoever had the mailed link")

    role_name = column(
        gettext_lazy("role"), lambda event: str(ROLE_NAMES[Role(event.role)]), ordering="role"
    )
    what = column(
        pgettext_lazy("account log", "what was done"),
        lambda event: str(ACCOUNT_EVENTS[event.name]),
        ordering="name",
    )
    whom = column(
        pgettext_lazy("account log", "whom it is about"),
        lambda event: getattr(event, "concerned", None) or getattr(event, "about", None) or "–",
    )
    shown_details = column(gettext_lazy("details"), lambda event: details(event) or "–")
