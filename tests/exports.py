"""Exports made, changed and verified, for the tests of every package that looks at one."""

import hashlib
import importlib.util
import io
import json
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

VERIFIER = Path(__file__).parents[1] / "workflows" / "exports" / "verifier" / "verify.py"
Files = dict[str, bytes]


def export(
    regime: str = "CN",
    *,
    previous: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    language: str = "en",
    **filters: object,
) -> bytes:
    """Return the ZIP of an export."""
    from workflows.accounts.actors import SYSTEM
    from workflows.exports.bundle import export_bundle
    from workflows.exports.files import Format
    from workflows.exports.tables import BundleRequest
    from workflows.oversight.filters import BundleFilters

    target = io.BytesIO()
    chosen = frozenset(map(Format, formats))
    request = BundleRequest(regime, BundleFilters(**filters), SYSTEM, language, chosen)
    export_bundle(request, target, previous=previous)
    return target.getvalue()


def unpack(content: bytes) -> Files:
    """Return the files of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: Files) -> bytes:
    """Return a ZIP of files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def reseal(files: Files) -> None:
    """Bring the hashes of the manifest up to date, as a careful forger would."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "manifest.json"
    }
    files["manifest.json"] = json.dumps(manifest).encode()


def dishonest_export(change, regime: str = "CN") -> Files:
    """Return an export whose tables the provider changed before signing for them."""
    from workflows.accounts.actors import SYSTEM
    from workflows.exports import statement
    from workflows.exports.bundle import ProgressMeter, write_bundle
    from workflows.exports.tables import BundleRequest, write_tables
    from workflows.oversight.filters import BundleFilters

    request = BundleRequest(regime, BundleFilters(), SYSTEM, "en")
    target = io.BytesIO()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = write_tables(request, folder, lambda _cases: None)
        change(folder, counts)
        event = statement.record(request, counts, folder, "a-lie")
        checkpoint = statement.place(event)
        meter = ProgressMeter(1, lambda _done, _total: None)
        write_bundle(target, folder, event, checkpoint, previous=(), meter=meter)
    return unpack(target.getvalue())


@pytest.fixture(scope="session")
def verifier() -> ModuleType:
    """The stand-alone verifier, loaded from its file as a stranger would."""
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def verify(verifier, tmp_path, monkeypatch, capsys):
    """Run the verifier on files, or on the bytes of a ZIP; return exit code and output."""

    def run(files: Files | bytes, **options: str) -> tuple[int, str]:
        path = tmp_path / "export.zip"
        path.write_bytes(files if isinstance(files, bytes) else pack(files))
        arguments = ["verify.py", str(path)]
        for name, value in options.items():
            arguments += [f"--{name}", value]
        monkeypatch.setattr("sys.argv", arguments)
        return verifier.main(), capsys.readouterr().out

    return run
