"""A request that has not been sent yet."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.cases.models.case import Case
from workflows.vault.fields import SealedJSON, SealedModel
from workflows.vault.models import DataKey, StoredFile


class Draft(SealedModel):
    """What a person has typed so far, kept so that a lost connection loses nothing.

    Personal data: everything typed, sealed with a key of its own; deleted shortly after the
    request is filed, at the latest when its case is erased, or after a month without a change.
    `token_digest` is the keyed hash of the secret that the person's browser holds.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    token_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    answers = SealedJSON(_("answers"), default=dict)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    # Begun while very many were: nothing can be kept in it until its person was let in.
    awaits_admission = models.BooleanField(default=False)
    # When its files were deleted to make room for those of others; None when they were not.
    files_let_go_at = models.DateTimeField(null=True)
    # Kept for a short while after filing, so that a lost receipt page can be shown again; never
    # longer than the case that it became.
    filed_at = models.DateTimeField(null=True)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, null=True, related_name="draft")

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of the draft."""
        return self.data_key


class DraftFile(SealedModel):
    """A file chosen for a draft. Personal data: file and name, sealed with the draft's key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, related_name="+")
    details = SealedJSON(_("details"), default=dict)
    added_at = models.DateTimeField(default=timezone.now)

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of the draft."""
        return self.draft.data_key
