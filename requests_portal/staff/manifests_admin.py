"""Manifests as data stewards see them: what waits, what was done, and what a re-scan has left."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from requests_portal.staff.operation_admin import ReadOnlyAdmin
from requests_portal.staff.people import actor_of
from workflows.cases.errors import CaseError
from workflows.corrections.models import Manifest, Return
from workflows.corrections.receipts import ask_to_apply, cases_of
from workflows.corrections.tombstones import resolve_return
from workflows.vault.crypto import Shredded

_WHY = {
    "unchanged": gettext_lazy("still as it was"),
    "not_corrected": gettext_lazy("the corrected text is missing"),
    "found": gettext_lazy("the person is still found"),
    "unreadable": gettext_lazy("the new snapshot cannot be read"),
}


@admin.register(Manifest)
class ManifestAdmin(ReadOnlyAdmin):
    """What must be changed in which snapshot, and how far that is."""

    list_display = ("made_at", "snapshot", "records", "state", "result", "left_count", "checked_at")
    list_filter = ("state",)
    list_select_related = ("snapshot__dataset", "result__dataset")
    search_fields = ("=id", "snapshot__dataset__name", "snapshot__version")
    date_hierarchy = "made_at"
    actions = ("apply_here",)
    fields = (
        "id", "state", "snapshot", "records", "shown_cases", "made_at", "shown_receipts", "result",
        "checked_at", "shown_left",
    )  # fmt: skip
    readonly_fields = ("shown_cases", "shown_receipts", "shown_left")

    def has_apply_permission(self, request: HttpRequest) -> bool:
        """Let those apply who carry out instructions."""
        return request.user.has_perm("cases.execute_case")

    @admin.action(description=gettext_lazy("Apply on this server"), permissions=["apply"])
    def apply_here(self, request: HttpRequest, queryset: QuerySet[Manifest]) -> None:
        """Have the chosen manifests applied in the background."""
        done = 0
        for manifest in queryset:
            try:
                ask_to_apply(manifest, actor_of(request))
            except CaseError as error:
                messages.error(request, f"{manifest.snapshot}: {error}")
            else:
                done += 1
        if done:
            messages.success(
                request,
                ngettext(
                    "%(count)d manifest is being applied. The new snapshot appears beside the old "
                    "one and is re-scanned.",
                    "%(count)d manifests are being applied. The new snapshots appear beside the "
                    "old ones and are re-scanned.",
                    done,
                )
                % {"count": done},
            )

    @admin.display(description=gettext_lazy("cases"))
    def shown_cases(self, manifest: Manifest) -> str:
        """Return the numbers of the cases."""
        return ", ".join(case.number for case in cases_of(manifest))

    @admin.display(description=gettext_lazy("receipts"))
    def shown_receipts(self, manifest: Manifest) -> str:
        """Return who did what, and when."""
        return format_html_join(
            "",
            "<p>{} · {} · {} {}</p>",
            (
                (
                    timezone.localtime(receipt.at).strftime("%Y-%m-%d %H:%M"),
                    receipt.get_status_display(),
                    receipt.by,
                    receipt.remark,
                )
                for receipt in manifest.receipts.all()
            ),
        )

    @admin.display(description=gettext_lazy("places left"))
    def shown_left(self, manifest: Manifest) -> str:
        """Return a line for each place where something is left."""
        try:
            places = manifest.left
        except Shredded:
            return _("erased")
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_place(p),) for p in places))
        )


def _place(place: dict[str, Any]) -> str:
    where = [place["file"], str(place.get("id", "")), place.get("field", ""), place.get("kind", "")]
    span = f"{place['start']}-{place['end']}" if "start" in place else ""
    return f"{_WHY[place['why']]}: " + " · ".join(part for part in [*where, span] if part)


@admin.register(Return)
class ReturnAdmin(ReadOnlyAdmin):
    """What was taken out of the data and came back with a newly registered snapshot."""

    list_display = ("found_at", "shown_case", "snapshot", "records", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter),)
    list_select_related = ("case", "snapshot__dataset")
    search_fields = ("case__number",)
    actions = ("resolve",)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Let those say so who carry out instructions."""
        return request.user.has_perm("cases.execute_case")

    @admin.display(description=gettext_lazy("case"), ordering="case__number")
    def shown_case(self, returned: Return) -> str:
        """Return the number of the case."""
        return returned.case.number

    @admin.action(description=gettext_lazy("Dealt with"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Return]) -> None:
        """Say that the returned records were taken out again."""
        for returned in queryset.filter(resolved_at=None):
            resolve_return(returned, actor_of(request))
