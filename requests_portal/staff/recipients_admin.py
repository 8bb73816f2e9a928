"""Which recipients of the data were told of a change, and who has confirmed it."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_portal.staff.base_admin import READ_ONLY, action, column
from requests_portal.staff.people import actor_of, names_of
from requests_portal.staff.register.base import ReasonForm, RegisterAdmin, sign
from workflows.corrections.models import Instruction, RecipientNotice
from workflows.corrections.recipients import record_confirmation, record_told

_KEEP = "corrections.change_recipientnotice"


class StateFilter(admin.SimpleListFilter):
    """How far it is with a recipient."""

    title = gettext_lazy("state")
    parameter_name = "state"
    _CONDITIONS = {
        "untold": (gettext_lazy("To be told by staff"), Q(told_at=None)),
        "silent": (
            gettext_lazy("Told, not confirmed"),
            Q(told_at__isnull=False, confirmed_at=None),
        ),
        "confirmed": (gettext_lazy("Confirmed"), Q(confirmed_at__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [(name, words) for name, (words, _condition) in self._CONDITIONS.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RecipientNotice]
    ) -> QuerySet[RecipientNotice]:
        """Return those that are so far."""
        chosen = self._CONDITIONS.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(RecipientNotice)
class RecipientNoticeAdmin(RegisterAdmin):
    """Notices are made when a re-scan has found nothing; staff keep record of what followed."""

    # They follow from a re-scan; what was told is recorded by its own pages.
    forbidden = READ_ONLY

    list_display = ("shown_recipient", "shown_snapshot", "shown_cases", "state", "told_at", "mails")
    list_filter = (StateFilter, "manifest__snapshot__dataset", "told_by")
    search_fields = (
        "recipient__name",
        "manifest__snapshot__dataset__name",
        "manifest__instructions__item__case__number",
    )
    search_help_text = gettext_lazy("Recipient, dataset or case number")
    date_hierarchy = "made_at"
    fields = (
        "shown_recipient", "shown_contact", "shown_snapshot", "shown_cases", "state", "made_at",
        "told_at", "told_by", "mails", "mailed_at", "confirmed_at", "shown_taken_by", "remark",
    )  # fmt: skip
    readonly_fields = fields
    actions_detail = ("told", "confirmed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecipientNotice]:
        """Return the notices with what a line of the list needs, in a fixed number of queries."""
        instructions = Instruction.objects.select_related("item__case")
        notices: QuerySet[RecipientNotice] = super().get_queryset(request)
        return notices.select_related("recipient", "manifest__snapshot__dataset").prefetch_related(
            Prefetch("manifest__instructions", instructions)
        )

    def has_keep_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Let those keep record who may change notices, which no form does."""
        return request.user.has_perm(_KEEP)

    # --- What is shown ---------------------------------------------------------------------
    shown_recipient = column(
        gettext_lazy("recipient"), "recipient.name", ordering="recipient__name"
    )

    @admin.display(description=gettext_lazy("how to reach them"))
    def shown_contact(self, notice: RecipientNotice) -> str:
        """Return the addresses that the register has."""
        recipient = notice.recipient
        return " · ".join(filter(None, (recipient.email, recipient.contact))) or "–"

    shown_snapshot = column(gettext_lazy("snapshot"), lambda notice: str(notice.manifest.snapshot))

    @admin.display(description=gettext_lazy("cases"))
    def shown_cases(self, notice: RecipientNotice) -> str:
        """Return the numbers of the cases."""
        instructions = notice.manifest.instructions.all()
        return ", ".join(sorted({instruction.item.case.number for instruction in instructions}))

    @admin.display(description=gettext_lazy("state"))
    def state(self, notice: RecipientNotice) -> SafeString:
        """Return how far it is."""
        if notice.confirmed_at:
            return sign("good", "✓", _("Confirmed"))
        if notice.told_at:
            return sign("soon", "…", _("Told, not confirmed"))
        return sign("late", "▲", _("To be told by staff"))

    @admin.display(description=gettext_lazy("taken by"))
    def shown_taken_by(self, notice: RecipientNotice) -> str:
        """Return who has taken the confirmation."""
        if notice.confirmed_at and not notice.confirmed_by:
            return _("The recipient, by the link")
        by = notice.confirmed_by
        return names_of([by]).get(by, by) or "–"

    # --- What is done ----------------------------------------------------------------------
    @action(description=gettext_lazy("They were told"), url_path="told", permissions=["keep"])
    def told(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that staff told a recipient."""
        return self.ask(
            request,
            object_id,
            intro=_(
                "Say how this recipient was told, for example by letter. The text of the notice "
                "lies with the notices of the case."
            ),
            button=_("They were told"),
            form_class=ReasonForm,
            do=lambda notice, typed: record_told(notice, actor_of(request), typed["ground"]),
        )

    @action(description=gettext_lazy("They confirmed"), url_path="confirmed", permissions=["keep"])
    def confirmed(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a confirmation that came by another way than the link."""

        def confirm(notice: RecipientNotice, typed: Any) -> None:
            record_confirmation(notice, actor_of(request), typed["ground"])

        return self.ask(
            request,
            object_id,
            intro=_("Say how this recipient has confirmed that they made the change."),
            button=_("They confirmed"),
            form_class=ReasonForm,
            do=confirm,
        )
