"""What keeps the portal running: failed effects, exports of regulators, witnesses of the log."""

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from requests_portal.staff.base_admin import READ_ONLY, StaffAdmin, column
from workflows.exports.models import BundleJob
from workflows.outbox.models import Effect
from workflows.outbox.services import retry_dead_letter
from workflows.witnesses.models import Witness


class ReadOnlyAdmin(StaffAdmin):
    """A list that is looked at and not written."""

    forbidden = READ_ONLY


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin):
    """Effects that were given up after all their attempts. They hold ids, nothing personal."""

    list_display = ("kind", "last_error", "attempts", "created_at", "due_at")
    list_filter = ("kind", "last_error")
    ordering = ("created_at",)
    show_full_result_count = False
    actions = ("retry", "retry_kinds")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Effect]:
        """Return the dead ones; the others need nobody."""
        return super().get_queryset(request).filter(state=Effect.State.DEAD)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Let those retry who hold the permission to change effects."""
        return request.user.has_perm("outbox.change_effect")

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Effect]) -> None:
        """Give the selected ones all their attempts again."""
        self._tell(request, retry_dead_letter(queryset))

    @admin.action(description=_("Try all of the same kinds again"), permissions=["retry"])
    def retry_kinds(self, request: HttpRequest, queryset: QuerySet[Effect]) -> None:
        """Give those of the kinds of the selected ones all their attempts again."""
        kinds = set(queryset.values_list("kind", flat=True))
        self._tell(request, retry_dead_letter(Effect.objects.filter(kind__in=kinds)))

    def _tell(self, request: HttpRequest, count: int) -> None:
        messages.success(
            request,
            ngettext(
                "%(count)d effect will be tried again.",
                "%(count)d effects will be tried again.",
                count,
            )
            % {"count": count},
        )


@admin.register(BundleJob)
class BundleJobAdmin(ReadOnlyAdmin):
    """Who exported what, for which regime. The files themselves are not reached from here."""

    list_display = ("created_at", "regime", "requested_by", "state", "done", "total", "expires_at")
    list_filter = ("regime", "state")
    list_select_related = ("requested_by",)
    fields = (
        "regime",
        "requested_by",
        "chosen",
        "state",
        "done",
        "total",
        "size",
        "sha256",
        "log_size",
        "error",
        "created_at",
        "finished_at",
        "expires_at",
    )
    readonly_fields = ("chosen",)

    chosen = column(_("filters"), lambda job: json.dumps(job.filters, ensure_ascii=False))


@admin.register(Witness)
class WitnessAdmin(ReadOnlyAdmin):
    """How far each witness has signed, and why one does not. Witnesses come from the settings."""

    list_display = ("name", "size", "signed_at", "asked_at", "failures", "error")
    search_fields = ("vkey",)
    ordering = ("vkey",)
    fields = ("vkey", "size", "signed_at", "asked_at", "failures", "error")

    name = column(_("name"), "name", ordering="vkey")
