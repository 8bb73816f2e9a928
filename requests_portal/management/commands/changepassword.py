"""`manage.py changepassword`: Django's own, which the log and the privacy officers hear of."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.models import User

from workflows.accounts.account_log import record
from workflows.accounts.actors import SYSTEM


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        before = dict(User.objects.values_list("pk", "password"))
        done: str | None = super().handle(*args, **options)
        for account in User.objects.all():
            if account.password != before.get(account.pk):
                record("password.changed_by_command", SYSTEM, account, tell=True)
        return done
