"""From when on a second person has to look at who asks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.vocabulary.people import ACCEPTED_BY_STAFF


class IdentityPolicy(models.Model):
    """One version of the policy for second looks; the latest holds. Never changed, never deleted.

    Where a member of staff has accepted who asks at `level` or above, an item of these kinds is
    granted only when somebody else has confirmed it. Personal data: none; `set_by` is a pseudonym
    of staff.
    """

    level = models.CharField(
        _("from which assurance on"),
        max_length=10,
        choices=[(level.value, level.label) for level in ACCEPTED_BY_STAFF],
    )
    kinds = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("for which items"),
        blank=True,
    )
    set_by = models.CharField(_("set by"), max_length=32)
    set_at = models.DateTimeField(_("set at"), auto_now_add=True)

    class Meta:
        verbose_name = _("policy for second looks at identity")
        verbose_name_plural = _("second looks at identity")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.level} {', '.join(self.kinds)}"
