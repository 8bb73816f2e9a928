"""Manifests as data stewards see them: what waits, what was done, and what a re-scan has left."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from requests_portal.staff.asking import AskingAdmin
from requests_portal.staff.manifest_forms import ManifestReceiptForm
from requests_portal.staff.operation_admin import ReadOnlyAdmin
from requests_portal.staff.people import actor_of, names_of
from requests_portal.staff.register.base import sign
from workflows.cases.errors import CaseError
from workflows.cases.handling import record_view
from workflows.corrections.downloads import FILES, content_of
from workflows.corrections.models import Manifest, Receipt, Return
from workflows.corrections.receipts import ask_to_apply, cases_of, take_receipt
from workflows.corrections.tombstones import resolve_return
from workflows.vault.crypto import Shredded

_WHY = {
    "unchanged": gettext_lazy("still as it was"),
    "not_corrected": gettext_lazy("the corrected text is missing"),
    "found": gettext_lazy("the person is still found"),
    "unreadable": gettext_lazy("the new snapshot cannot be read"),
}


_SIGNS = {
    Manifest.State.OPEN: ("soon", "○"),
    Manifest.State.APPLIED: ("soon", "…"),
    Manifest.State.REFUSED: ("late", "✕"),
    Manifest.State.LEFT: ("late", "▲"),
    Manifest.State.VERIFIED: ("good", "✓"),
}
_NEXT = {
    Manifest.State.OPEN: gettext_lazy(
        "Have it applied on this server. Or take the files to your pipeline, and enter here what "
        "it did."
    ),
    Manifest.State.APPLIED: gettext_lazy("The new snapshot is being searched. Look here again."),
    Manifest.State.REFUSED: gettext_lazy(
        "Nothing was changed. The receipt says why; once that is mended, another manifest is made."
    ),
    Manifest.State.LEFT: gettext_lazy(
        "The items stay open. Look at the places below; another manifest is made for the new "
        "snapshot."
    ),
    Manifest.State.VERIFIED: gettext_lazy(
        "Nothing. The old snapshot still holds what was taken out: delete its data, then say so "
        "on its page."
    ),
}
BY_HAND = "by-hand"
_EXECUTE = "cases.execute_case"


@admin.register(Manifest)
class ManifestAdmin(AskingAdmin, ReadOnlyAdmin):
    """What must be changed in which snapshot, and how far that is."""

    list_display = (
        "made_at", "snapshot", "shown_cases", "records", "shown_state", "result", "left_count",
        "checked_at",
    )  # fmt: skip
    list_filter = ("state", "snapshot__dataset")
    list_per_page = 50
    show_full_result_count = False
    search_fields = (
        "snapshot__dataset__name", "snapshot__version", "result__version",
        "instructions__item__case__number",
    )  # fmt: skip
    search_help_text = gettext_lazy("Dataset, version or case number")
    date_hierarchy = "made_at"
    actions = ("apply_here",)
    actions_detail = ("apply_one", "enter_receipt")
    fieldsets = (
        (None, {"fields": ("shown_state", "shown_next", "snapshot", "records", "linked_cases")}),
        (gettext_lazy("Files"), {"fields": ("shown_files",)}),
        (
            gettext_lazy("What was done"),
            {"fields": ("shown_receipts", "result", "checked_at", "shown_left")},
        ),
        (gettext_lazy("Entry"), {"fields": ("id", "made_at")}),
    )
    readonly_fields = (
        "shown_state", "shown_next", "linked_cases", "shown_files", "shown_receipts", "shown_left",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Manifest]:
        """Return the manifests with what their pages name."""
        manifests: QuerySet[Manifest] = super().get_queryset(request)
        return manifests.select_related(
            "data_key", "snapshot__dataset", "result__dataset"
        ).prefetch_related("instructions__item__case")

    def get_urls(self) -> list[Any]:
        """Add the addresses of the files."""
        file = path(
            "<uuid:manifest_id>/files/<str:name>",
            self.admin_site.admin_view(self.download),
            name="corrections_manifest_file",
        )
        return [file, *super().get_urls()]

    def has_apply_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let those apply who carry out instructions."""
        return request.user.has_perm(_EXECUTE)

    # --- What is done ----------------------------------------------------------------------
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

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("Apply on this server"), url_path="apply", permissions=["apply"]
    )
    def apply_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have one manifest applied in the background."""
        return self.ask(
            request,
            object_id,
            intro=_(
                "The new snapshot is written beside the old one, which stays as it is, and is "
                "searched again. Nothing is written if a record is not as it was found."
            ),
            button=_("Apply on this server"),
            do=lambda manifest, _typed: ask_to_apply(manifest, actor_of(request)),
            permission=_EXECUTE,
        )

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("Enter a receipt"), url_path="receipt", permissions=["apply"]
    )
    def enter_receipt(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take what a pipeline did that does not use the API."""
        manifest = self.get_object(request, object_id)
        if manifest is None:
            raise Http404

        def take(_manifest: Manifest, typed: dict[str, Any]) -> None:
            take_receipt(
                manifest,
                actor_of(request),
                key=BY_HAND,
                status=typed["status"],
                snapshot=typed["snapshot"] if typed["status"] != Receipt.Status.REFUSED else None,
                remark=typed["remark"],
            )

        return self.ask(
            request,
            object_id,
            intro=_(
                "Say what your pipeline did. The snapshot that came out is searched again: that, "
                "and not this receipt, decides whether the items are carried out."
            ),
            button=_("Keep the receipt"),
            do=take,
            form_class=partial(ManifestReceiptForm, manifest=manifest),
            permission=_EXECUTE,
        )

    def download(self, request: HttpRequest, manifest_id: UUID, name: str) -> HttpResponse:
        """Return a file of a manifest. It tells of people: the log of each case keeps the look."""
        if not request.user.has_perm(_EXECUTE):
            raise PermissionDenied
        manifest = get_object_or_404(self.get_queryset(request), pk=manifest_id)
        try:
            content = content_of(manifest, name)
        except (KeyError, Shredded):
            raise Http404 from None
        for case in cases_of(manifest):
            record_view(case, actor_of(request), what="manifest")
        return HttpResponse(
            content,
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="{manifest.pk}-{name}"',
                "Cache-Control": "no-store",
            },
        )

    # --- What is shown ---------------------------------------------------------------------
    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown_state(self, manifest: Manifest) -> SafeString:
        """Return how far it is, with a sign."""
        words = manifest.get_state_display()
        if manifest.state == Manifest.State.OPEN and manifest.applied_by:
            words = _("Being applied on this server")
        return sign(*_SIGNS[Manifest.State(manifest.state)], words)

    @admin.display(description=gettext_lazy("what to do"))
    def shown_next(self, manifest: Manifest) -> str:
        """Return what a data steward does now."""
        if manifest.state == Manifest.State.OPEN and manifest.applied_by:
            return _("A worker writes the new snapshot. Look here again in a while.")
        return str(_NEXT[Manifest.State(manifest.state)])

    @admin.display(description=gettext_lazy("cases"))
    def shown_cases(self, manifest: Manifest) -> str:
        """Return the numbers of the cases."""
        return ", ".join(_cases(manifest).values())

    @admin.display(description=gettext_lazy("cases"))
    def linked_cases(self, manifest: Manifest) -> SafeString:
        """Return the numbers of the cases, leading there."""
        links = (
            (reverse("admin:cases_case_change", args=[pk]), number)
            for pk, number in _cases(manifest).items()
        )
        items = format_html_join("", '<li><a href="{}">{}</a></li>', links)
        return format_html('<ul class="staff-links">{}</ul>', items)

    @admin.display(description=gettext_lazy("files"))
    def shown_files(self, manifest: Manifest) -> SafeString:
        """Return a link to each file, and how other formats are made of them."""
        links = format_html_join(
            "",
            '<li><a href="{}" download>{}</a></li>',
            (
                (reverse("admin:corrections_manifest_file", args=[manifest.pk, name]), name)
                for name in FILES
            ),
        )
        return format_html(
            '<ul class="staff-links">{}</ul><p>{} <code>manage.py export_manifest</code></p>',
            links,
            _("For Dolma, or for a merge into Delta or Iceberg:"),
        )

    @admin.display(description=gettext_lazy("receipts"))
    def shown_receipts(self, manifest: Manifest) -> SafeString | str:
        """Return who did what, and when."""
        receipts = list(manifest.receipts.all())
        names = names_of(receipt.by for receipt in receipts)
        told = (
            (
                date_format(timezone.localtime(receipt.at), "DATETIME_FORMAT"),
                receipt.get_status_display(),
                names.get(receipt.by, receipt.by),
                receipt.remark,
            )
            for receipt in receipts
        )
        return format_html_join("", "<p>{} · {} · {} {}</p>", told) or "–"

    @admin.display(description=gettext_lazy("places left"))
    def shown_left(self, manifest: Manifest) -> SafeString | str:
        """Return a line for each place where something is left."""
        try:
            places = manifest.left
        except Shredded:
            return _("erased")
        if not places:
            return "–"
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_place(p),) for p in places))
        )


def _cases(manifest: Manifest) -> dict[UUID, str]:
    """Return the numbers of the cases by their ids."""
    return {one.item.case_id: one.item.case.number for one in manifest.instructions.all()}


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
    search_help_text = gettext_lazy("Case number")
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
