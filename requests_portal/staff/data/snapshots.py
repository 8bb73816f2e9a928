"""Snapshots: where they lie, whether they can be read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline

from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import (
    EntryForm,
    RegisterAdmin,
    action,
    column,
    registered_by_name,
    sign,
)
from requests_portal.staff.data.datasets import approval_sign
from workflows.datasets.models import Snapshot, SnapshotFile
from workflows.datasets.purging import purge_due_at, superseded, to_be_purged
from workflows.datasets.read_errors import read_error_of, read_error_text
from workflows.datasets.register import (
    CONTENT_OF_SNAPSHOT,
    mark_purged,
    reread_snapshot,
    save_snapshot,
)

_SIGNS = {
    Snapshot.State.WAITING: ("soon", "…"),
    Snapshot.State.READING: ("soon", "…"),
    Snapshot.State.READABLE: ("good", "✓"),
    Snapshot.State.UNREADABLE: ("late", "✕"),
    Snapshot.State.PURGED: ("none", "⌫"),
}


def percent(done: int, total: int) -> str:
    """Return how far something is, as words."""
    return f"{min(100, 100 * done // total)} %" if total else ""


class FileInline(TabularInline):
    """The files, as they were when they were read."""

    model = SnapshotFile
    fields = ("path", "bytes", "rows", "sha256")
    readonly_fields = fields
    extra = 0
    per_page = 20
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: they are read, not typed."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


class PurgeFilter(admin.SimpleListFilter):
    """Old snapshots that have a verified replacement."""

    title = gettext_lazy("old data")
    parameter_name = "purge"
    _QUERIES = {
        "due": (gettext_lazy("To be purged"), to_be_purged),
        "replaced": (gettext_lazy("Replaced, and still there"), superseded),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [(name, words) for name, (words, _query) in self._QUERIES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Snapshot]) -> QuerySet[Snapshot]:
        """Return those that are so far."""
        chosen = self._QUERIES.get(self.value() or "")
        return queryset.filter(pk__in=chosen[1]().values("pk")) if chosen else queryset


@admin.register(Snapshot)
class SnapshotAdmin(RegisterAdmin):
    """The snapshots."""

    form = EntryForm
    list_display = (
        "dataset",
        "version",
        "state_shown",
        "approval",
        "format_shown",
        "rows",
        "size",
        "purge",
    )
    list_display_links = ("dataset", "version")
    list_filter = ("state", PurgeFilter, "format", "dataset__approval", "dataset__scope")
    list_select_related = ("dataset",)
    search_fields = ("dataset__name", "version", "location")
    search_help_text = gettext_lazy("Dataset, version or location")
    actions_detail = ("read_once_more", "mark_deleted")
    inlines = (FileInline,)
    content_fields = (*CONTENT_OF_SNAPSHOT, "version", "parent")
    readonly_fields = (
        "state_shown", "why", "rows", "size", "read_at", "approval", "by",
        "purge", "purged_at",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("dataset", "version", "parent")}),
        (
            gettext_lazy("Data"),
            {"fields": ("format", "location", "id_field", "text_fields", "source_field")},
        ),
        (
            gettext_lazy("State"),
            {
                "fields": (
                    "state_shown",
                    "why",
                    "approval",
                    "rows",
                    "size",
                    "read_at",
                    "purge",
                    "purged_at",
                    "by",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Snapshot]:
        """Return the snapshots with their datasets."""
        snapshots: QuerySet[Snapshot] = super().get_queryset(request)
        return snapshots.select_related("dataset")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Snapshot | None = None
    ) -> tuple[str, ...]:
        """Keep a snapshot as it is once it has been read; one that cannot be read is corrected."""
        fixed = obj is not None and obj.state != Snapshot.State.UNREADABLE
        return (*self.readonly_fields, *(self.content_fields if fixed else ()))

    def get_inlines(self, request: HttpRequest, obj: Snapshot | None) -> tuple[Any, ...]:
        """Show the files of a snapshot that exists."""
        return self.inlines if obj is not None else ()

    # --- What is shown ---------------------------------------------------------------------
    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, snapshot: Snapshot) -> SafeString:
        """Return whether it can be read, how far it was read, or why it cannot be."""
        words = snapshot.get_state_display()
        if snapshot.state == Snapshot.State.READING:
            words = f"{words} {percent(snapshot.bytes_done, snapshot.bytes_total)}"
        shown = sign(*_SIGNS[Snapshot.State(snapshot.state)], words)
        if snapshot.state != Snapshot.State.UNREADABLE:
            return shown
        what = read_error_text(snapshot.problem, snapshot.problem_about)
        return format_html('<div>{}<br><span class="quiet">{}</span></div>', shown, what)

    why = column(gettext_lazy("why not"), lambda snapshot: read_error_of(snapshot) or "–")
    approval = column(
        gettext_lazy("approval"),
        lambda snapshot: approval_sign(snapshot.dataset),
        ordering="dataset__approval",
    )

    @admin.display(description=gettext_lazy("format"), ordering="format")
    def format_shown(self, snapshot: Snapshot) -> str:
        """Return the format in one word, without what else it may be."""
        name: str = snapshot.get_format_display()
        return name.partition("(")[0].partition("（")[0].strip()

    size = column(
        gettext_lazy("size"),
        lambda snapshot: filesizeformat(snapshot.bytes) if snapshot.bytes is not None else "–",
        ordering="bytes",
    )

    @admin.display(description=gettext_lazy("old data"), ordering="replaced_at")
    def purge(self, snapshot: Snapshot) -> SafeString | str:
        """Return whether the data have a replacement and are to be purged, or from when on."""
        due = purge_due_at(snapshot)
        if due is None:
            return "–"
        if due <= timezone.now():
            return sign("late", "▲", _("To be purged"))
        day = date_format(timezone.localtime(due), "DATE_FORMAT")
        return sign("soon", "…", _("To be purged from %(day)s") % {"day": day})

    by = column(gettext_lazy("registered by"), registered_by_name)

    # --- What is done ----------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Snapshot, form: Any, change: bool) -> None:
        """Keep the entry, tell the log, and have it read."""
        save_snapshot(obj, actor_of(request))

    @action(description=gettext_lazy("Read again"), url_path="read", permissions=["change"])
    def read_once_more(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have a snapshot read that could not be."""
        return self.ask(
            request,
            object_id,
            intro=_("A worker reads the data once more. Look here again in a while."),
            button=_("Read again"),
            do=lambda snapshot, _typed: reread_snapshot(snapshot, actor_of(request)),
        )

    @action(
        description=gettext_lazy("Data were deleted"), url_path="purged", permissions=["change"]
    )
    def mark_deleted(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Note that the provider has deleted the data."""
        return self.ask(
            request,
            object_id,
            intro=_(
                "Say so when the data of this snapshot exist nowhere any more. They are not looked "
                "into again. The entry stays."
            ),
            button=_("Data were deleted"),
            do=lambda snapshot, _typed: mark_purged(snapshot, actor_of(request)),
        )
