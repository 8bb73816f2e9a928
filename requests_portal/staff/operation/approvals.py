"""What waits for a second person: seen, approved or rejected, each with a fresh sign-in."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from requests_portal.sign_in.adapters import fresh_sign_in_required
from requests_portal.sign_in.people import display_name, user_of
from requests_portal.staff.base.model_admin import (
    ConfirmActionMixin,
    ReadOnlyAdmin,
    action,
    column,
    sign,
)
from workflows.accounts.approvals import approve, reject, waiting, withdraw
from workflows.accounts.deciders import decidable_by, why_not_decide
from workflows.accounts.models import ApprovalRequest
from workflows.vocabulary.roles import ROLE_NAMES, Role

Kind, State = ApprovalRequest.Kind, ApprovalRequest.State
_DECIDE = "accounts.decide_approvalrequest"
_SIGNS = {
    State.WAITING: ("soon", "…"),
    State.APPROVED: ("good", "✓"),
    State.REJECTED: ("late", "✕"),
    State.WITHDRAWN: ("none", "○"),
    State.EXPIRED: ("none", "○"),
}


def waiting_for(user: User) -> QuerySet[ApprovalRequest]:
    """Return what this person can decide on now."""
    return waiting() & decidable_by(user)


def waiting_count(request: HttpRequest) -> int:
    """Return how much waits for who looks at a page."""
    if not request.user.has_perm(_DECIDE):
        return 0
    return waiting_for(user_of(request)).count()


class StateFilter(admin.SimpleListFilter):
    """How far it is, with what has expired apart from what waits."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states, and what the reader can decide on."""
        return [("mine", gettext_lazy("I can decide")), *State.choices]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ApprovalRequest]
    ) -> QuerySet[ApprovalRequest]:
        """Keep what is in this state now."""
        over = Q(state=State.WAITING, expires_at__lte=timezone.now())
        match self.value():
            case None:
                return queryset
            case "mine":
                return queryset.filter(pk__in=waiting_for(user_of(request)).values("pk"))
            case State.EXPIRED:
                return queryset.filter(over | Q(state=State.EXPIRED))
            case state:
                return queryset.filter(state=state).exclude(over)


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ConfirmActionMixin, ReadOnlyAdmin):
    """Changes of accounts that take effect when somebody else has approved them."""

    list_display = ("kind", "concerned", "given", "asked_by", "requested_at", "shown_state")
    list_filter = (StateFilter, "kind")
    search_fields = (
        "account__username", "account__first_name", "account__last_name",
        "requested_by__username", "pipeline__name",
    )  # fmt: skip
    search_help_text = gettext_lazy("Name of a person or a pipeline")
    date_hierarchy = "requested_at"
    list_select_related = (
        "account", "requested_by", "decided_by", "pipeline", "regulator_token__account",
    )  # fmt: skip
    show_full_result_count = False
    actions_detail = ("approve_it", "reject_it", "withdraw_it")
    fieldsets = (
        (None, {"fields": ("shown_state", "kind", "concerned", "address", "given")}),
        (
            gettext_lazy("Who"),
            {"fields": ("asked_by", "requested_at", "expires_at", "by_whom", "decided_at")},
        ),
    )
    readonly_fields = ("shown_state", "concerned", "address", "given", "asked_by", "by_whom")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRequest]:
        """Return what the reader may see: who decides sees it all, others what they asked for."""
        requests: QuerySet[ApprovalRequest] = super().get_queryset(request)
        requests = requests.select_related(*self.list_select_related)
        if request.user.has_perm(_DECIDE):
            return requests
        return requests.filter(requested_by=user_of(request))

    def is_offered(self, entry: ApprovalRequest, path: str) -> bool:
        """Offer what waits to whom it may concern; the page hides buttons that only refuse."""
        return entry.state_now == State.WAITING

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the buttons: to decide for somebody else, to withdraw for who asked."""
        actions = super().get_actions_detail(request, object_id)
        entry = self.get_object(request, str(object_id))
        if entry is None:
            return []
        user = user_of(request)
        decides = why_not_decide(entry, user) is None
        own = entry.requested_by_id == user.pk
        return [one for one in actions if (own if one.path == "withdraw" else decides)]

    # --- What is shown ---------------------------------------------------------------------
    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown_state(self, entry: ApprovalRequest) -> SafeString:
        """Return how far it is, with a sign."""
        state = entry.state_now
        return sign(*_SIGNS[state], str(state.label))

    @admin.display(description=pgettext_lazy("account log", "whom it is about"))
    def concerned(self, entry: ApprovalRequest) -> str:
        """Return the person, or the pipeline."""
        if entry.account is not None:
            return _named(entry.account)
        return str(entry.pipeline or "–")

    @admin.display(description=gettext_lazy("e-mail address"))
    def address(self, entry: ApprovalRequest) -> str:
        """Return where a link would go: whoever reads that mailbox gets in."""
        if entry.kind in {Kind.INVITE, Kind.PASSWORD} and entry.account is not None:
            return entry.account.email
        if entry.kind == Kind.ADDRESS and "email" in entry.terms:
            return _("%(old)s → %(new)s") % {
                "old": entry.account.email if entry.account else "",
                "new": entry.terms["email"],
            }
        return "–"

    @admin.display(description=gettext_lazy("what is given"))
    def given(self, entry: ApprovalRequest) -> str:
        """Return roles, a regime and until when, or which token."""
        terms = entry.terms
        if "roles" in terms:
            return ", ".join(str(ROLE_NAMES[Role(name)]) for name in terms["roles"])
        if "regime" in terms:
            return f"{terms['regime']} · {terms['authority']} · {_until(terms['until'])}"
        if entry.regulator_token is not None:
            token = entry.regulator_token
            return f"{token.account} · {token.name} · {_until(token.expires_at.isoformat())}"
        if "scopes" in terms:
            return f"{', '.join(terms['scopes'])} · {_until(terms['until'])}"
        return "–"

    asked_by = column(
        gettext_lazy("asked for by"),
        lambda entry: _named(entry.requested_by),
        ordering="requested_by__username",
    )

    @admin.display(description=gettext_lazy("decided by"))
    def by_whom(self, entry: ApprovalRequest) -> str:
        """Return who decided, or why nobody had to."""
        if entry.decided_by is not None:
            return _named(entry.decided_by)
        if entry.exemption:
            return str(ApprovalRequest.Exemption(entry.exemption).label)
        return "–"

    # --- What is done ----------------------------------------------------------------------
    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["view"])
    def approve_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Approve it; it takes effect at once."""
        return fresh_sign_in_required(self.ask)(
            request,
            object_id,
            intro=format_html(
                "{}<br>{}",
                self._in_one_line(request, object_id),
                _(
                    "It takes effect at once. Approve only what you know to be right: ask the "
                    "person concerned, or who asked for it, by another way than by mail."
                ),
            ),
            button=_("Approve"),
            do=lambda entry, _typed: approve(entry.pk, user_of(request)),
            permission=_DECIDE,
        )

    @action(description=gettext_lazy("Reject"), url_path="reject", permissions=["view"])
    def reject_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Reject it; nothing changes."""
        return fresh_sign_in_required(self.ask)(
            request,
            object_id,
            intro=format_html(
                "{}<br>{}",
                self._in_one_line(request, object_id),
                _("Nothing changes. Who asked for it sees that you rejected it."),
            ),
            button=_("Reject"),
            do=lambda entry, _typed: reject(entry.pk, user_of(request)),
            permission=_DECIDE,
        )

    @action(description=gettext_lazy("Withdraw"), url_path="withdraw", permissions=["view"])
    def withdraw_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Withdraw what one has asked for."""
        return self.ask(
            request,
            object_id,
            intro=_("Nothing changes, and nobody needs to decide on it any more."),
            button=_("Withdraw"),
            do=lambda entry, _typed: withdraw(entry.pk, user_of(request)),
            permission="view",
        )

    def _in_one_line(self, request: HttpRequest, object_id: str) -> SafeString:
        """Return whom it is about, what they would get, where a link would go, and who asked."""
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        parts = (self.concerned(entry), self.address(entry), self.given(entry))
        asked = _("asked for by %(name)s") % {"name": self.asked_by(entry)}
        return format_html(
            "<strong>{}</strong>", " · ".join([*(part for part in parts if part != "–"), asked])
        )


def _named(user: User) -> str:
    """Return name and user name: two people may have one name."""
    name = display_name(user)
    return name if name == user.get_username() else f"{name} ({user.get_username()})"


def _until(moment: str) -> str:
    day = date_format(timezone.localtime(datetime.fromisoformat(moment)), "DATE_FORMAT")
    return _("until %(day)s") % {"day": day}
