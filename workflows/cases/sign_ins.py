"""What is kept of those who try to sign in: wrong passwords, as long as they count."""

from datetime import datetime

from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone


def purge_login_attempts(now: datetime | None = None) -> int:
    """Forget the wrong passwords of those who may try again; return of how many."""
    limit = (now or timezone.now()) - settings.AXES_COOLOFF_TIME
    deleted, _kinds = AccessAttempt.objects.filter(attempt_time__lt=limit).delete()
    return int(deleted)
