"""A regulator exports, takes the file home and verifies it there with Python alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.regulator import Regulator, verify
from tests.e2e.samples import sample_logins
from tests.filings import Receipt, file_request, wait_for_effects

pytestmark = pytest.mark.browser


@pytest.fixture
def receipt(sampled_stack) -> Receipt:
    """A Chinese request that was filed a moment ago."""
    receipt = file_request(sampled_stack)
    wait_for_effects(sampled_stack, [receipt])
    return receipt


@pytest.fixture
def export(new_page, sampled_stack, tmp_path, receipt) -> Path:
    """An unpacked export of all Chinese cases."""
    regulator = Regulator(new_page())
    regulator.sign_in("regulator-cn", sample_logins(sampled_stack)["regulator-cn"])
    return regulator.export(tmp_path / "export")


def change_a_byte(path: Path) -> Callable[[], None]:
    """Change the byte in the middle of a file; return what brings it back."""
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    return lambda: path.write_bytes(content)


def test_the_export_verifies_and_a_changed_byte_shows(export, receipt):
    verified = verify(export)
    assert verified.stdout.startswith("OK\n"), verified.stdout + verified.stderr

    assert any(receipt.number in path.read_text("utf-8") for path in export.glob("**/*.csv"))
    files = [path for path in sorted(export.rglob("*")) if path.is_file()]
    kinds = {path.suffix: path for path in files if path.name not in {"verify.py", "README.txt"}}
    kinds["checkpoint"] = export / "log" / "checkpoint"
    assert len(kinds) >= 3
    for path in kinds.values():
        restore = change_a_byte(path)
        faulty = verify(export)
        assert faulty.returncode == 1, path
        assert faulty.stdout.startswith("FAULT: "), path
        restore()
    assert verify(export).returncode == 0
