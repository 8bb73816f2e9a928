"""What a regulator does in their area, and at home with what they downloaded."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

# The page of an export looks again by itself every few seconds.
EXPORT_MILLISECONDS = 90_000


class Regulator:
    """An officer of a regulator with a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._passphrase = ""

    def sign_in(self, username: str, passphrase: str) -> None:
        """Sign in from the regulators' own address, which asks for it."""
        self._passphrase = passphrase
        self.page.goto("/en/regulators/")
        self.page.locator("[name=login]").fill(username)
        self._prove()
        expect(self.page).to_have_url(re.compile("/en/regulators/$"))

    def _prove(self) -> None:
        """Type the pass phrase into the page that asks for it."""
        self.page.locator("[name=password]").fill(self._passphrase)
        self.page.locator("[name=password]").press("Enter")

    def choose_export(self, language: str) -> None:
        """Open the page on which an export is chosen, past the question who one is."""
        self.page.goto(f"/{language}/regulators/exports/new/")
        self._prove()
        expect(self.page).to_have_url(re.compile("/exports/new/$"))

    def export(self, folder: Path) -> Path:
        """Make an export of all cases in every form, wait until it is ready, and unpack it into `folder`."""
        self.choose_export("en")
        for name in ("bom", "pdf", "xlsx"):
            self.page.locator(f"[name=formats][value={name}]").check()
        self.page.locator("main .actions button[type=submit]").click()
        link = self.page.locator("a.button[href$='/download/']")
        expect(link).to_be_visible(timeout=EXPORT_MILLISECONDS)
        with self.page.expect_download() as download:
            link.click()
        with zipfile.ZipFile(download.value.path()) as archive:
            archive.extractall(folder)
        return folder


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the verifier that lies in an export, as its reader does: with Python and nothing else."""
    return subprocess.run(
        [sys.executable, "-I", "verify.py"],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
