"""A node installs `[cluster]` into an empty environment, and finds and changes texts without Django."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT
from workflows.common.signed_note import Signer
from workflows.corpus.edits.manifest_files import package, read_hits
from workflows.corpus.edits.resolve import resolve
from workflows.corpus.entries import EntryOrigin, Header, Op, Replacements, RequestedChange
from workflows.corpus.normalize.kernel import native

pytestmark = pytest.mark.stack

LOOK = """
import importlib.util, json, sys
import workflows.corpus.cluster.datatrove, workflows.corpus.edits.residual
from workflows.corpus.normalize.kernel import native
compiled = native.load() is not None
print(json.dumps({
    "django": importlib.util.find_spec("django") is not None,
    "place": str(native.FOLDER),
    "kernel": str(native.library()) if compiled else None,
}))
import django
"""


@pytest.fixture(scope="module")
def node(wheel, tmp_path_factory) -> Path:
    """Return the programs of an empty environment with the wheel and its extra, as locked."""
    folder = tmp_path_factory.mktemp("node")
    lock = (PROJECT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    versions = re.findall(r"^[\w.\[\]-]+==[^ \\]+(?: ;[^\\]+)?", lock, re.MULTILINE)
    (folder / "versions.txt").write_text("\n".join(versions), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    programs = folder / "env" / "bin"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", programs / "python"),
            *("--disable-pip-version-check", "--quiet", "install", "--only-binary", ":all:"),
            *("--constraint", folder / "versions.txt", f"{wheel}[cluster]"),
        ],
        check=True,
    )
    return programs


@pytest.fixture
def run(node, tmp_path):
    """Run a program of the node, far from the project."""

    def run(*command: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [node / str(command[0]), *map(str, command[1:])],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_it_has_the_engine_and_no_django(run, node):
    done = run("python", "-c", LOOK)

    said = json.loads(done.stdout)
    assert not said["django"]
    assert "ModuleNotFoundError: No module named 'django'" in done.stderr
    assert Path(said["place"]).is_relative_to(node.parent)
    # The node knows nothing of our `CC`.
    compiles = shutil.which("cc") is not None and platform.machine() in native._MACHINES
    assert bool(said["kernel"]) == compiles


def test_it_finds_a_person_and_changes_what_a_signed_manifest_names(run, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    records = [
        {"id": 1, "text": "Write to Erika Mustermann, erika@example.org."},
        {"id": 2, "text": "Nobody is here."},
    ]
    lines = "".join(f"{json.dumps(record)}\n" for record in records)
    (corpus / "0.jsonl").write_text(lines, encoding="utf-8")
    person = {"ref": "E", "names": ["Erika Mustermann"], "emails": ["erika@example.org"]}
    (tmp_path / "persons.jsonl").write_text(json.dumps(person), encoding="utf-8")

    found = run("corpus-locate", "corpus", "--persons", "persons.jsonl", "--out", "hits.jsonl")

    assert found.returncode == 0, found.stderr
    assert " hits=2 " in found.stdout
    changes = [
        RequestedChange(Op.REDACT, hit.file, hit.id, hit.field, hit.start, hit.end)
        for hit in read_hits(tmp_path / "hits.jsonl")
    ]
    signer = Signer("portal.example.org/manifests", bytes(32))
    entries = resolve(changes, corpus, EntryOrigin("talk", "1"), Replacements({}))
    (tmp_path / "manifest").mkdir()
    header = Header("m", "talk", "1", "2026-01-01T00:00:00+00:00")
    for name, content in package(header, entries, signer).items():
        (tmp_path / "manifest" / name).write_bytes(content)
    command = ("corpus-apply", "manifest", "corpus", "--out", "new", "--processes", "2")

    unknown = run(*command)
    assert unknown.returncode == 1
    assert "--key" in unknown.stderr
    assert not (tmp_path / "new").exists()

    applied = run(*command, "--key", signer.verifier.vkey)

    assert applied.returncode == 0, applied.stderr
    assert "changed=1 deleted=0" in applied.stdout
    new = (tmp_path / "new/0.jsonl").read_text(encoding="utf-8")
    texts = [json.loads(line)["text"] for line in new.splitlines()]
    assert texts == ["Write to [REDACTED], [REDACTED].", "Nobody is here."]
