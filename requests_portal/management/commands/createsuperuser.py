"""`manage.py createsuperuser`: Django's own, which the log and the privacy officers hear of."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.models import User

from workflows.accounts.account_log import record
from workflows.accounts.actors import SYSTEM


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        before = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
        super().handle(*args, **options)
        for account in User.objects.filter(is_superuser=True).exclude(pk__in=before):
            record("superuser.created", SYSTEM, account, tell=True)
