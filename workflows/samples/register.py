"""What the sample cases rest on: the register of the invented datasets, and attested clauses."""

import tomllib
from importlib.resources import files
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from workflows.accounts.actors import actor_for
from workflows.datasets.models import Dataset
from workflows.datasets.register import decide_approval, save_dataset
from workflows.notices.clauses import attest, open_clauses

# The columns of a dataset that the file of the samples fills in.
_FIELDS = (
    "name",
    "description",
    "origin",
    "legal_basis",
    "purposes",
    "disclosed_to",
    "transfers",
    "translations",
    "licence",
    "types",
    "scale",
    "labelling_rules",
    "retention",
)
OFFICE = "Legal department (sample)"


def datasets_content() -> dict[str, Any]:
    """Return the file with the sample datasets."""
    source = files("workflows.samples") / "datasets.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def register_datasets() -> None:
    """Register the datasets, without their data, and approve those that are to be approved."""
    steward, officer = (
        actor_for(User.objects.get(username=username)) for username in ("dana", "pilar")
    )
    for entry in datasets_content()["dataset"]:
        dataset = save_dataset(Dataset(**{name: entry[name] for name in _FIELDS}), steward)
        if "approved" in entry:
            decide_approval(dataset, officer, approve=True, ground=entry["approved"])


def attest_clauses() -> None:
    """Attest the clauses that are open, as counsel of the invented provider."""
    officer = actor_for(User.objects.get(username="pilar"))
    for clause in open_clauses():
        attest(clause.code, officer, OFFICE, timezone.localdate())
