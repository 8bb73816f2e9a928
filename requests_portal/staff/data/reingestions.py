"""What came back with a new snapshot, and whom recipients of data were told about."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_portal.sign_in.people import actor_of, names_of
from requests_portal.staff.base.model_admin import (
    READ_ONLY,
    ConfirmActionMixin,
    ReadOnlyAdmin,
    ReasonForm,
    RegisterAdmin,
    action,
    column,
    sign,
)
from workflows.corrections.models import Instruction, Manifest, RecipientNotice, Reingestion
from workflows.corrections.recipients import record_confirmation, record_told
from workflows.corrections.reingestion import (
    blocking_reason,
    enqueue_redo_removal,
    redo_in_progress,
    resolve_return,
)

_EXECUTE = "cases.execute_case"
# So many places are named on the page.
_SHOWN = 200


_KEEP = "corrections.change_recipientnotice"


@admin.register(Reingestion)
class ReturnAdmin(ConfirmActionMixin, ReadOnlyAdmin):
    """Which records came back, for which case, and what is to be done about it."""

    list_display = ("found_at", "shown_case", "snapshot", "records", "shown_state")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "snapshot__dataset")
    list_select_related = ("case", "snapshot__dataset", "manifest")
    search_fields = ("case__number",)
    search_help_text = gettext_lazy("Case number")
    actions_detail = ("take_out", "resolve")
    fieldsets = (
        (None, {"fields": ("shown_state", "shown_next", "linked_case", "snapshot", "records")}),
        (gettext_lazy("Where they stand"), {"fields": ("shown_places",)}),
        (
            gettext_lazy("What was done"),
            {"fields": ("linked_manifest", "remark", "found_at", "asked_at", "resolved_at")},
        ),
    )
    readonly_fields = (
        "shown_state", "shown_next", "linked_case", "shown_places", "linked_manifest",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reingestion]:
        """Return them with what their pages name."""
        found: QuerySet[Reingestion] = super().get_queryset(request)
        return found.select_related("case", "snapshot__dataset", "manifest__snapshot__dataset")

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Let those deal with it who carry out instructions."""
        return request.user.has_perm(_EXECUTE)

    def is_offered(self, entry: Reingestion, path: str) -> bool:
        """Offer what can be done about it, until that was done."""
        waits = entry.resolved_at is None
        return waits and not (path == "take-out" and redo_in_progress(entry))

    # --- What is shown ---------------------------------------------------------------------
    shown_case = column(gettext_lazy("case"), "case.number", ordering="case__number")

    @admin.display(description=gettext_lazy("case"))
    def linked_case(self, returned: Reingestion) -> SafeString:
        """Return the number of the case, leading there."""
        address = reverse("admin:cases_case_change", args=[returned.case_id])
        return format_html('<a class="text-link" href="{}">{}</a>', address, returned.case.number)

    @admin.display(description=gettext_lazy("state"), ordering="resolved_at")
    def shown_state(self, returned: Reingestion) -> SafeString:
        """Return how far it is, with a sign."""
        if returned.resolved_at is not None:
            return sign("good", "✓", _("Dealt with"))
        if redo_in_progress(returned):
            return sign("soon", "…", _("Being taken out again"))
        return sign("late", "▲", _("To be dealt with"))

    @admin.display(description=gettext_lazy("what to do"))
    def shown_next(self, returned: Reingestion) -> str:
        """Return what a data steward does now."""
        if returned.resolved_at is not None:
            return _("Nothing.")
        manifest = returned.manifest
        if manifest is not None and manifest.state == Manifest.State.OPEN:
            return _("Apply the manifest, here or by your pipeline; its re-scan ends this entry.")
        if redo_in_progress(returned):
            return _("A worker is at it. Look here again in a while.")
        return blocking_reason(returned) or _(
            "Have them taken out again: a manifest does to these records what was decided in the "
            "case. And keep the source from bringing them back. If they may be there after all, "
            "say why."
        )

    @admin.display(description=gettext_lazy("file and row, counted from 0; or table and id"))
    def shown_places(self, returned: Reingestion) -> SafeString | str:
        """Return file and row of the records."""
        places = returned.places[:_SHOWN]
        lines = format_html_join("", "<li>{} · {}</li>", places)
        return format_html("<ul>{}</ul>", lines) if places else "–"

    @admin.display(description=gettext_lazy("manifest"))
    def linked_manifest(self, returned: Reingestion) -> SafeString | str:
        """Return the manifest that takes them out again, leading there."""
        if returned.manifest is None:
            return "–"
        address = reverse("admin:corrections_manifest_change", args=[returned.manifest_id])
        return format_html('<a class="text-link" href="{}">{}</a>', address, returned.manifest)

    # --- What is done ----------------------------------------------------------------------
    @action(
        description=gettext_lazy("Take out again"), url_path="take-out", permissions=["resolve"]
    )
    def take_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have a manifest made that does again what was done before."""
        return self.ask(
            request,
            object_id,
            intro=_(
                "A manifest is made for this snapshot, which does to the records that came back "
                "what was decided in the case. It is applied and re-scanned like any other."
            ),
            button=_("Take out again"),
            do=lambda returned, _typed: enqueue_redo_removal(returned, actor_of(request)),
            permission=_EXECUTE,
        )

    @action(description=gettext_lazy("Dealt with"), url_path="resolve", permissions=["resolve"])
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say how it was dealt with by hand, or why the records may be there."""
        return self.ask(
            request,
            object_id,
            intro=_("Say how the records were taken out again, or why they may be there."),
            button=_("Dealt with"),
            do=lambda returned, typed: resolve_return(returned, actor_of(request), typed["ground"]),
            form_class=ReasonForm,
            permission=_EXECUTE,
        )


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
