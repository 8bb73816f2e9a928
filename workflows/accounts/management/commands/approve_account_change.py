"""`manage.py approve_account_change`: where nobody is left who could approve in the portal."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from workflows.accounts.approvals import approve_by_command, waiting
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import ApprovalRequest


class Command(BaseCommand):
    help = (
        "List what waits for a second person, or approve one of them. It stands in the log and is "
        "mailed to the privacy officers that it was approved by a command. Ends with 1 where it "
        "cannot be approved."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", nargs="?", type=UUID, help="what to approve; without it, a list")

    def handle(self, *_args: Any, id: UUID | None, **_options: Any) -> None:  # noqa: A002 - the argument's name
        if id is None:
            for request in waiting().select_related("account", "requested_by", "pipeline"):
                about = request.account or request.pipeline
                self.stdout.write(
                    f"{request.pk}  {request.kind}  {about}  by {request.requested_by}"
                )
            return
        try:
            request = approve_by_command(id)
        except (ApprovalRefused, ApprovalRequest.DoesNotExist) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"approved {request.pk}")
