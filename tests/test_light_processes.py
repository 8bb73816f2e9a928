"""What every process loads at its start: nothing of the engine, and none of its libraries."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import workflows.corpus

LIGHT = {"values", "entries"}
HEAVY = {
    "hyperscan", "isal", "numpy", "opencc", "pyarrow", "pypinyin", "typst", "xlsxwriter",
    "zstandard",
}  # fmt: skip
_LOADED = """
import json, sys
import django
django.setup()
import {modules}
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(
            "requests_portal.wsgi, requests_portal.urls, requests_portal.admin", id="the web"
        ),
        pytest.param("requests_portal.celery, workflows.outbox.tasks", id="beat and workers"),
        pytest.param("workflows.outbox.relay, workflows.ledger.sequencer", id="relay, sequencer"),
    ],
)
def test_a_process_starts_without_what_reads_data(modules):
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(modules=modules)],
        capture_output=True,
        check=True,
        text=True,
    )

    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    engine = {name for name in loaded if name.startswith("workflows.corpus.")}
    assert "workflows.corrections.effects" in loaded
    assert engine <= {f"workflows.corpus.{name}" for name in LIGHT}
    assert not {name.partition(".")[0] for name in loaded} & HEAVY


def test_a_process_starts_with_every_handler_of_effects():
    """Who handles an effect must not depend on what the process has done before."""
    places = [Path("requests_portal"), Path("workflows")]
    handlers = {
        ".".join(source.with_suffix("").parts)
        for place in places
        for source in place.rglob("*.py")
        if re.search(
            r"^@(effect_handler|mail_handler|long_work)\(", source.read_text(), re.MULTILINE
        )
    }
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(modules="workflows.outbox.tasks")],
        capture_output=True,
        check=True,
        text=True,
    )

    assert "workflows.witnesses.effects" in handlers
    assert handlers <= set(json.loads(done.stdout.splitlines()[-1]))


def test_the_contract_names_all_of_the_engine_but_its_values():
    linter = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"]
    (forbidden,) = [
        set(contract["forbidden_modules"])
        for contract in linter["contracts"]
        if "workflows.corpus.formats" in contract.get("forbidden_modules", ())
    ]
    folder = Path(workflows.corpus.__path__[0])
    there = {
        place.stem
        for place in folder.iterdir()
        if place.stem != "__init__" and (place.suffix == ".py" or (place / "__init__.py").exists())
    }

    assert {f"workflows.corpus.{name}" for name in there - LIGHT} <= forbidden
    # Those two are imported inside the functions that call them, which the linter counts.
    assert forbidden >= HEAVY - {"typst", "xlsxwriter"}
