"""Try again what was given up, of some kinds or of a queue."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from workflows.outbox import queues
from workflows.outbox.models import Effect
from workflows.outbox.services import retry_dead_letter, retry_waiting


class Command(BaseCommand):
    help = (
        "Gives dead letters all their attempts again, from now: those of a --kind (a whole name, "
        "or its beginning with a dot at the end: mail.), or of a --queue, such as mail. With "
        "--waiting it also tries now what has failed and waits for its next attempt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", action="append", default=[], help="may be given repeatedly")
        parser.add_argument("--queue", choices=queues.OF_EFFECTS)
        parser.add_argument("--waiting", action="store_true")

    def handle(self, *_: Any, kind: list[str], queue: str, waiting: bool, **__: Any) -> None:
        if not kind and not queue:
            raise CommandError("Say which: --kind or --queue.")
        chosen = Q(queue=queue) if queue else Q()
        kinds = Q()
        for name in kind:
            kinds |= Q(kind__startswith=name) if name.endswith(".") else Q(kind=name)
        effects = Effect.objects.filter(chosen & kinds)
        count = retry_dead_letter(effects)
        if waiting:
            count += retry_waiting(effects)
        self.stdout.write(f"{count} effects will be tried.")
