"""`manage.py rotate_index_key`: makes stored hashes anew after INDEX_KEY was changed."""

from argparse import ArgumentParser
from collections import Counter
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_portal.index_rotation import (
    STEPS,
    FormerKeyUsage,
    bound_to_former_keys,
    unreadable_factors,
)
from workflows.vault.blind_index import index_keys
from workflows.vault.rotation import has_begun, rotate, rotation_status


class Command(BaseCommand):
    help = (
        "Make anew, with INDEX_KEY, what a former one has made and can be made anew, and say what "
        "cannot and for how long. Put the former key into INDEX_OLD_KEYS first, and start all "
        "processes again. Works while the portal runs; stopped, it goes on where it was. Run it "
        "again at any time to see what still needs a former key. Exit code 1 when second factors "
        "cannot be opened."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--former-key-lost", action="store_true",
            help="nobody has the former key: make anew what can be made without it",
        )  # fmt: skip

    def handle(self, *_: Any, former_key_lost: bool, **__: Any) -> None:
        known = len(index_keys()) > 1 or has_begun()
        if not (known or former_key_lost):
            raise CommandError(
                "INDEX_OLD_KEYS is empty. Put the former key there first, or give "
                "--former-key-lost if nobody has it."
            )
        since = rotation_status().begun_at
        done: Counter[str] = Counter()
        for batch in rotate(STEPS):
            done[batch.step] += batch.rows
            self.stdout.write(f"{batch.step}: {done[batch.step]} looked at, {batch.renewed} anew")
        self.stdout.write(f"under the key {index_keys()[0].name} since {since:%Y-%m-%d %H:%M} UTC")
        bound = list(bound_to_former_keys(since))
        for each in bound:
            self.stdout.write(f"needs a former key: {each.what}: {each.count}, {_until(each)}")
        self.stdout.write(_verdict(bound))
        if unreadable := unreadable_factors():
            raise CommandError(
                f"Second factors that no key opens: {unreadable}. Put the key that made them into "
                "INDEX_OLD_KEYS and run this again, or have them removed and set up anew."
            )


def _until(bound: FormerKeyUsage) -> str:
    if isinstance(bound.until, datetime):
        return f"until {bound.until:%Y-%m-%d}"
    return bound.until


def _verdict(bound: list[FormerKeyUsage]) -> str:
    ends = [each.until for each in bound if isinstance(each.until, datetime)]
    if bound and len(index_keys()) == 1:
        return "INDEX_OLD_KEYS is empty: what lines above name is not recognised any more"
    if len(ends) < len(bound):
        return "keep the former keys in INDEX_OLD_KEYS while lines above have no date"
    if ends:
        return f"former keys may leave INDEX_OLD_KEYS after {max(ends):%Y-%m-%d}"
    return "nothing needs a former key: they may leave INDEX_OLD_KEYS"
