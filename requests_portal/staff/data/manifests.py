"""Manifests as data stewards see them: what waits, what was done, and what a re-scan has left."""

from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import ConfirmActionMixin, ReadOnlyAdmin, action, column
from requests_portal.staff.data import manifest_presenter
from workflows.common.errors import DomainError
from workflows.corrections.downloads import download_file
from workflows.corrections.lifecycle import MOVES, Action
from workflows.corrections.manifests import can_be_checked_again, enqueue_verification
from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.corrections.receipts import ask_to_apply, can_be_applied_here, take_receipt
from workflows.datasets.models import Snapshot
from workflows.vault.crypto import Shredded
from workflows.vault.fields import sealed_fields

BY_HAND = "by-hand"
_EXECUTE = "cases.execute_case"


class ManifestReceiptForm(forms.Form):
    """What a pipeline did with a manifest, and which snapshot came out."""

    status = forms.ChoiceField(
        label=gettext_lazy("What was done"),
        choices=PipelineAcknowledgement.Status.choices,
        widget=UnfoldAdminSelectWidget,
    )
    registered = forms.ModelChoiceField(
        label=gettext_lazy("Snapshot that came out, if it is registered"),
        queryset=Snapshot.objects.none(),
        required=False,
        empty_label=gettext_lazy("Not registered yet"),
        widget=UnfoldAdminSelectWidget,
    )
    version = forms.CharField(
        label=gettext_lazy("Otherwise: its version"),
        max_length=80,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    location = forms.CharField(
        label=gettext_lazy("Its location"),
        help_text=gettext_lazy("A file or folder on this server, of the same format."),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    remark = forms.CharField(
        label=gettext_lazy("Remark"),
        help_text=gettext_lazy("Name no person."),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, manifest: Manifest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manifest = manifest
        others = Snapshot.objects.filter(dataset=manifest.snapshot.dataset_id)
        if not manifest.snapshot.traits.can_apply_here:
            # It is changed in place, and has a new version from then on.
            self.fields["location"].initial = manifest.snapshot.location
            self.fields["location"].help_text = _("The table that was changed.")
        field = cast(Any, self.fields["registered"])
        field.queryset = others.exclude(pk=manifest.snapshot_id).select_related("dataset")

    def clean(self) -> dict[str, Any]:
        """Make the snapshot that came out of what was typed."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["snapshot"] = cleaned.get("registered")
        if (
            cleaned.get("status") == PipelineAcknowledgement.Status.REFUSED
            or cleaned["snapshot"] is not None
        ):
            return cleaned
        for name in ("version", "location"):
            if not cleaned.get(name):
                self.add_error(name, _("Say which snapshot came out."))
        cleaned["snapshot"] = Snapshot(
            version=cleaned.get("version", ""),
            location=cleaned.get("location", ""),
            format=self.manifest.snapshot.format,
        )
        return cleaned


@admin.register(Manifest)
class ManifestAdmin(ConfirmActionMixin, ReadOnlyAdmin):
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
    actions_detail = ("apply_one", "enter_receipt", "search_again")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "shown_state",
                    "shown_next",
                    "snapshot",
                    "records",
                    "shown_left_out",
                    "linked_cases",
                )
            },
        ),
        (gettext_lazy("Files"), {"fields": ("shown_files",)}),
        (
            gettext_lazy("What was done"),
            {"fields": ("shown_receipts", "result", "checked_at", "shown_left")},
        ),
        (gettext_lazy("Entry"), {"fields": ("id", "made_at")}),
    )
    readonly_fields = (
        "shown_state", "shown_next", "shown_left_out", "linked_cases", "shown_files",
        "shown_receipts", "shown_left",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Manifest]:
        """Return the manifests with what their pages name; their files are read when asked for."""
        manifests: QuerySet[Manifest] = super().get_queryset(request)
        return (
            manifests.defer(*sealed_fields(Manifest))
            .select_related("data_key", "snapshot__dataset", "result__dataset")
            .prefetch_related("instructions__item__case")
        )

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

    def is_offered(self, entry: Manifest, path: str) -> bool:
        """Offer to apply it or to enter a receipt, and another search where one came to no end."""
        if path == "search":
            return can_be_checked_again(entry)
        waits = entry.state in MOVES[Action.ACKNOWLEDGE].sources
        return waits and (path != "apply" or can_be_applied_here(entry))

    # --- What is done ----------------------------------------------------------------------
    @admin.action(description=gettext_lazy("Apply on this server"), permissions=["apply"])
    def apply_here(self, request: HttpRequest, queryset: QuerySet[Manifest]) -> None:
        """Have the chosen manifests applied in the background."""
        done = 0
        for manifest in queryset:
            try:
                ask_to_apply(manifest, actor_of(request))
            except DomainError as error:
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

    @action(
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

    @action(description=gettext_lazy("Enter a receipt"), url_path="receipt", permissions=["apply"])
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
                snapshot=typed["snapshot"]
                if typed["status"] != PipelineAcknowledgement.Status.REFUSED
                else None,
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

    @action(description=gettext_lazy("Search again"), url_path="search", permissions=["apply"])
    def search_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the new snapshot searched again in the background."""
        return self.ask(
            request,
            object_id,
            intro=_("The new snapshot is searched again: that decides whether anything is left."),
            button=_("Search again"),
            do=lambda manifest, _typed: enqueue_verification(manifest, actor_of(request)),
            permission=_EXECUTE,
        )

    def download(self, request: HttpRequest, manifest_id: UUID, name: str) -> HttpResponse:
        """Return a file of a manifest. It tells of people: the log of each case keeps the look."""
        if not request.user.has_perm(_EXECUTE):
            raise PermissionDenied
        manifest = get_object_or_404(self.get_queryset(request), pk=manifest_id)
        try:
            content = download_file(manifest, name, actor_of(request))
        except (KeyError, Shredded):
            raise Http404 from None
        except DomainError as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(self.reverse_change(manifest))
        return HttpResponse(
            content,
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="{manifest.pk}-{name}"',
                "Cache-Control": "no-store",
            },
        )

    # --- What is shown ---------------------------------------------------------------------
    shown_state = column(gettext_lazy("state"), manifest_presenter.state_of, ordering="state")
    shown_next = column(gettext_lazy("what to do"), manifest_presenter.next_step)
    shown_cases = column(
        gettext_lazy("cases"),
        lambda manifest: ", ".join(manifest_presenter.cases_of(manifest).values()),
    )
    linked_cases = column(gettext_lazy("cases"), manifest_presenter.links_to_cases)
    shown_files = column(gettext_lazy("files"), manifest_presenter.links_to_files)
    shown_receipts = column(gettext_lazy("receipts"), manifest_presenter.receipts_of)
    shown_left_out = column(gettext_lazy("places left out"), manifest_presenter.places_left_out)
    shown_left = column(gettext_lazy("places left"), manifest_presenter.residual_places)
