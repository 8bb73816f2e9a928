"""Steps are left out while nothing that they depend on has changed."""

import subprocess

import pytest

from requests_portal.local.setup_steps import SetupStep


class Work:
    """An action that counts how often it was done."""

    def __init__(self) -> None:
        self.times = 0
        self.code = 0

    def __call__(self) -> "subprocess.CompletedProcess[str]":
        self.times += 1
        return subprocess.CompletedProcess([], self.code, stdout="what went wrong", stderr="")


@pytest.fixture
def work(monkeypatch, folder):
    monkeypatch.setenv("DATA_DIR", str(folder / "data"))
    return Work()


def test_a_step_is_taken_once_until_its_inputs_change(work, folder, capsys):
    source = folder / "source"
    source.write_text("one")
    step = SetupStep("Tables", "tables", lambda: [source], work)
    step.take()
    step.take()
    assert work.times == 1
    assert "nothing changed" in capsys.readouterr().out
    source.write_text("two")
    step.take()
    assert work.times == 2


def test_a_step_that_fails_ends_the_start_and_is_taken_again(work):
    step = SetupStep("Tables", "tables", list, work)
    work.code = 1
    with pytest.raises(SystemExit, match="what went wrong"):
        step.take()
    work.code = 0
    step.take()
    assert work.times == 2


def test_what_a_step_made_itself_is_no_change(work, folder):
    made = folder / "made"

    def make() -> "subprocess.CompletedProcess[str]":
        made.touch()
        return work()

    step = SetupStep("Files", "files", lambda: [str(made.exists())], make)
    step.take()
    step.take()
    assert work.times == 1
