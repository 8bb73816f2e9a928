"""`manage.py erase_case`: erases the personal data of a case that has ended, by two people."""

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import translation

from workflows.accounts.actors import Actor, actor_for
from workflows.cases.access import normalise_number
from workflows.cases.models import Case
from workflows.common.errors import DomainError
from workflows.retention.erasure import ErasureGround, erase, request_erasure

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Command(BaseCommand):
    help = (
        "Erase the personal data of a case that has ended, for ever: its contents, files and key. "
        "Number, states, dates and the log stay. Two different privacy officers are named; what "
        "one has requested already in the portal is carried out by the other alone. Ends with 1 "
        "and one line when it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMBER")
        parser.add_argument(
            "--requested-by", metavar="USER", help="who requests it; not if that is done already"
        )
        parser.add_argument("--by", required=True, metavar="USER", help="who carries it out")
        parser.add_argument(
            "--ground",
            choices=ErasureGround.values,
            default="",
            help="why, with --requested-by; stands in the log",
        )
        parser.add_argument(
            "--note",
            default="",
            metavar="TEXT",
            help="what there is to say about it; goes with the case, the log holds a commitment",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        number = normalise_number(options["number"])
        requester = options["requested_by"]
        if requester and not options["ground"]:
            raise CommandError("--requested-by needs --ground.")
        with translation.override("en"):
            case = Case.objects.select_related("data_key").filter(number=number).first()
            if case is None:
                raise CommandError(f"There is no case {number}.")
            try:
                with transaction.atomic():
                    if requester:
                        request_erasure(case, _actor(requester), options["ground"], options["note"])
                    erase(case, _actor(options["by"]))
            except DomainError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"erased {case.number}")


def _actor(username: str) -> Actor:
    user: User | None = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active account {username}.")
    return actor_for(user)
