"""Tell how what works in the background stands; for health checks of containers, too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_portal.monitoring import background, unwell


class Command(BaseCommand):
    help = (
        "Prints how sequencer, outbox, relay, beat and workers stand, as /readyz does. Exit code 1 "
        "when one needs somebody to look; with NAMEs it looks at these alone, such as mail-worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")

    def handle(self, *_: Any, names: list[str], **__: Any) -> None:
        checks = background()
        unknown = set(names) - set(checks)
        if unknown:
            raise CommandError(f"There is no {', '.join(sorted(unknown))}.")
        chosen = {name: found for name, found in checks.items() if name in (names or checks)}
        for name, found in chosen.items():
            self.stdout.write(f"{name}: {found}")
        if bad := unwell(chosen):
            raise CommandError(f"Somebody has to look at: {', '.join(bad)}.")
