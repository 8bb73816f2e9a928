"""`manage.py attestations`: which clauses of notices counsel attests, and which are open."""

from typing import Any

from django.core.management.base import BaseCommand

from workflows.notices.clauses import Clause, clauses


class Command(BaseCommand):
    help = (
        "List the sentences of notices that say something of the provider, each with its words and "
        "whether counsel attests them. Exit code 1 while one is open: no notice that needs it is "
        "sent. They are attested in the staff's area, under Settings."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = clauses()
        for clause in found:
            self.stdout.write(f"{clause.code}: {_state(clause)}")
            for language, words in clause.languages:
                self.stdout.write(f"  {language}: {words}")
        still_open = sum(not clause.is_attested for clause in found)
        self.stdout.write(f"{len(found) - still_open} attested, {still_open} open")
        if still_open:
            raise SystemExit(1)


def _state(clause: Clause) -> str:
    last = clause.last
    if last is None:
        return "open, never attested"
    if last.withdrawn:
        return f"open, withdrawn on {last.attested_on}"
    if clause.has_changed:
        return f"open, its words changed since {last.attested_on} ({last.office})"
    return f"attested on {last.attested_on} by {last.office}, version {last.version[:12]}"
