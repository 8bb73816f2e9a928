"""Loads the samples: all or nothing, through the services that the forms use, and only once."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from workflows.cases.attachments import Upload
from workflows.cases.filing import FilingResult, file_request
from workflows.cases.filing_request import request_from_content
from workflows.cases.models import Case
from workflows.ledger.append import append
from workflows.ledger.models import Event
from workflows.routing.effects import sweep_clocks
from workflows.samples.logins import Requester, write_logins
from workflows.samples.register import attest_clauses, register_datasets
from workflows.samples.staff import make_accounts, make_teams, taken_names
from workflows.samples.stories import Sample, Story
from workflows.vocabulary.roles import Role

LANGUAGES = ("zh-hans", "en")
LOADED = "samples.loaded"


class SamplesRefused(Exception):
    """The samples do not belong into this database. `str()` says why."""


@dataclass(frozen=True, slots=True)
class SampleText:
    """One case of the sample files, with its language and the texts that staff write in it."""

    sample: Sample
    language: str
    texts: Mapping[str, str]


def samples() -> Iterator[SampleText]:
    """Yield the sample cases whose regime this provider serves."""
    for language in LANGUAGES:
        source = files("workflows.samples") / f"cases.{language}.toml"
        content = tomllib.loads(source.read_text(encoding="utf-8"))
        for sample in content["case"]:
            if sample.get("needs_regime") in {None, *settings.PROVIDER_REGIMES}:
                yield SampleText(sample, language, content["texts"])


def are_loaded() -> bool:
    """Return whether the log says that samples were loaded here."""
    return Event.objects.filter(name=LOADED).exists()


def load_samples(*, force: bool = False) -> int:
    """Load staff, teams, rules, regulators and cases, and write the log-ins; return the cases.

    The log-ins go into `settings.DATA_DIR/sample-logins.txt`. Raises `SamplesRefused` when the
    database holds other cases, unless `force`, or when a sample's user name is taken.
    """
    if Case.objects.exists() and not force:
        raise SamplesRefused("The database holds other cases; invented ones would mix with them.")
    taken = taken_names()
    if taken:
        raise SamplesRefused(f"There are accounts with these names already: {', '.join(taken)}.")
    now = timezone.now()
    with transaction.atomic():
        logins = make_accounts()
        make_teams()
        attest_clauses()
        register_datasets()
        staff = {user.username: user for user in User.objects.all()}
        filed: dict[str, FilingResult] = {}
        requesters = []
        for text in samples():
            name = text.sample["name"]
            filed[name] = _file(text, now)
            target = text.sample.get("merged_into")
            Story(filed[name].case, text.sample, text.texts, staff).tell(
                filed[target].case if target else None
            )
            if text.sample.get("listed"):
                requesters.append(
                    Requester(
                        filed[name].case.number,
                        filed[name].receipt,
                        text.sample["state"],
                        text.language,
                    )
                )
        append(name=LOADED, role=Role.SYSTEM, facts={"cases": len(filed)})
        # Before the commit: pass phrases that nobody could read would be of no use.
        write_logins(logins, requesters)
    while sweep_clocks():
        pass
    return len(filed)


def _file(text: SampleText, now: datetime) -> FilingResult:
    content: dict[str, Any] = {**text.sample["request"], "language": text.language}
    attached = text.sample.get("file")
    return file_request(
        request_from_content(content),
        attempt=f"sample:{text.sample['name']}",
        uploads=(Upload(attached["name"], attached["text"].encode()),) if attached else (),
        at=now - timedelta(days=text.sample["days_ago"]),
    )
