"""Run the relay between the outbox and the broker."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.outbox.relay import Relay


class Command(BaseCommand):
    help = (
        "Hands due effects to the broker until it gets SIGTERM or SIGINT. With --once it publishes "
        "what is due now and ends; exit code 1 when the broker does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="publish what is due and end")

    def handle(self, *_: Any, once: bool, **__: Any) -> None:
        relay = Relay()
        if once:
            self._publish_all(relay)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()

    def _publish_all(self, relay: Relay) -> None:
        published = 0
        while count := relay.publish_due():
            published += count
        if relay.broker_is_down:
            raise CommandError(f"{published} effects published; the broker does not answer.")
        self.stdout.write(f"{published} effects published.")
