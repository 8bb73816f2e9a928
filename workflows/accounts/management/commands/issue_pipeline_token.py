"""`manage.py issue_pipeline_token`: gives a program of the provider a token for the API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.management.options import add_by, entry_refusal, user_named
from workflows.accounts.models import PipelineToken, TokenScope
from workflows.accounts.tokens import issue_pipeline_token
from workflows.common.errors import InvalidEntry, Refused

_DAYS = 90


class Command(BaseCommand):
    help = (
        "Print a new token for a program, to be handed over by a safe way: it is kept nowhere. It "
        "opens nothing until a privacy officer has approved it in the portal. A program that has "
        "one keeps it until then, within the scopes that this command names. "
        f"Scopes: {', '.join(TokenScope.values)}. Exit code 1 if it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="of the program")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            help="what it may do; may be given several times",
        )
        parser.add_argument(
            "--days", type=int, default=_DAYS, help=f"how long it has access ({_DAYS})"
        )
        add_by(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        pipeline = PipelineToken.objects.filter(name=options["name"]).first()
        pipeline = pipeline or PipelineToken(name=options["name"])
        pipeline.scopes = options["scope"]
        pipeline.expires_at = timezone.now() + timedelta(days=options["days"])
        try:
            token = issue_pipeline_token(pipeline, user_named(options["by"]))
        except InvalidEntry as error:
            raise entry_refusal(error) from error
        except (ApprovalRefused, Refused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(token)
