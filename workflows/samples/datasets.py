"""Two invented datasets in which the people of the sample cases stand, registered and approved."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from workflows.accounts.actors import Actor, actor_for
from workflows.corpus.normalize.transliteration import pinyin_readings
from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel
from workflows.datasets.register import save_model, save_recipient, save_snapshot
from workflows.samples.corpora.generator import Person, records, write_jsonl
from workflows.samples.load import SampleText, samples
from workflows.samples.register import datasets_content

MEGABYTE = 1_000_000
_KINDS = {"name": "names", "email": "emails", "handle": "handles", "url": "urls"}


def load_datasets(*, megabytes: int = 50) -> list[Snapshot]:
    """Write the files below the first of `settings.DATASETS_DIRS` and register them.

    The sample staff must be there. A file that exists is kept. The truth about the files lies
    beside them as `.truth.jsonl`, which is no part of the data.
    """
    content = datasets_content()
    entries = content["dataset"]
    for entry in entries:
        _write(entry, megabytes * MEGABYTE // len(entries))
    steward = actor_for(User.objects.get(username="dana"))
    with transaction.atomic():
        snapshots = [_register_snapshot(entry, steward) for entry in entries]
        _register_others(content, snapshots, steward)
    return snapshots


def sample_people(language: str) -> Iterator[Person]:
    """Yield the people of the sample cases in a language, as the generator writes them."""
    for text in samples():
        if text.language == language:
            yield _person(text)


def _person(text: SampleText) -> Person:
    request = text.sample["request"]
    name = request["subject_name"]
    person: dict[str, Any] = {
        "ref": text.sample["name"],
        "pinyin": ""
        if name.isascii()
        else " ".join(pinyin_readings(character)[0] for character in name),
        **{field: [] for field in (*_KINDS.values(), "phones", "ids")},
        "names": [name],
    }
    for identifier in request.get("identifiers", ()):
        kind, value = identifier["kind"], identifier["value"]
        digits = value.replace(" ", "")
        if kind in _KINDS:
            person[_KINDS[kind]].append(value.removeprefix("@"))
        elif kind == "phone" and digits.startswith("+86"):  # whose spellings the generator knows
            person["phones"].append(digits)
    return person


def _write(entry: dict[str, Any], size: int) -> None:
    folder = Path(settings.DATASETS_DIRS[0]) / entry["folder"]
    target = folder / "posts.jsonl"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(entry["seed"])
    made = records(
        list(sample_people(entry["language"])), size, rng, chinese=entry["chinese"], mentions=8e-6
    )
    part = folder / ".posts.jsonl"
    write_jsonl(part, made, folder / ".truth.jsonl")
    part.rename(target)


def _register_snapshot(entry: dict[str, Any], steward: Actor) -> Snapshot:
    snapshot = Snapshot(
        dataset=Dataset.objects.get(name=entry["name"]),
        version=entry["version"],
        format=Snapshot.Format.JSONL,
        location=entry["folder"],
    )
    return save_snapshot(snapshot, steward)


def _register_others(content: dict[str, Any], snapshots: list[Snapshot], steward: Actor) -> None:
    today = timezone.localdate()
    model, recipient = content["model"], content["recipient"]
    save_model(
        TrainedModel(
            name=model["name"],
            version=model["version"],
            explanation=model["explanation"],
            mechanism=model["mechanism"],
            trained_on=today - timedelta(days=model["trained_days_ago"]),
            next_training_on=today + timedelta(days=model["next_training_in_days"]),
        ),
        steward,
        snapshots,
    )
    save_recipient(
        Recipient(
            dataset=Dataset.objects.get(name=recipient["dataset"]),
            name=recipient["name"],
            email=recipient["email"],
            purpose=recipient["purpose"],
            given_on=today - timedelta(days=recipient["given_days_ago"]),
        ),
        steward,
    )
