"""What the slow tests take from Debian: `python -m tests.chromium` installs it.

Chromium and Chinese fonts for the browser, 300 poems of the Tang dynasty as a public corpus, and the
daemon of ClamAV.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clamav import NO_CLAMD, find_clamd

PACKAGES = ("chromium", "fonts-noto-cjk", "fortunes-zh", "clamav-daemon")
POEMS = Path("/usr/share/games/fortunes/tang300")
NO_CHROMIUM = "BROWSER TESTS LEFT OUT: no Chromium here (Debian: apt-get install chromium)"
NO_POEMS = "TESTS ON A PUBLIC CORPUS LEFT OUT: no poems (Debian: apt-get install fortunes-zh)"


def find_chromium() -> str | None:
    """Return the path of the browser, or None."""
    return shutil.which("chromium")


def has_chinese_font() -> bool:
    """Say whether a page in Chinese would show characters and not boxes."""
    return any(Path("/usr/share/fonts").glob("**/NotoSansCJK*"))


def main() -> None:
    """Install what is missing where that is possible; fail in CI, warn elsewhere, if it is not."""
    if find_chromium() and has_chinese_font() and POEMS.exists() and find_clamd():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(
            "Installing Chromium, a Chinese font, a public corpus and ClamAV for the slow tests.\n"
        )
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "--quiet=2"],
            ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *PACKAGES],
        ):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    for found, complaint in (
        (find_chromium(), NO_CHROMIUM),
        (POEMS.exists(), NO_POEMS),
        (find_clamd(), NO_CLAMD),
    ):
        if found:
            continue
        if os.environ.get("CI") == "true":
            sys.exit(f"In CI these tests must run. {complaint}")
        sys.stderr.write(f"\n{'!' * 78}\n{complaint}\n{'!' * 78}\n\n")


if __name__ == "__main__":
    main()
