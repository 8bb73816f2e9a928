"""Debian's Chromium and fonts for the browser tests: `python -m tests.chromium` installs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium", "fonts-noto-cjk")
NO_CHROMIUM = "BROWSER TESTS LEFT OUT: no Chromium here (Debian: apt-get install chromium)"


def find_chromium() -> str | None:
    """Return the path of the browser, or None."""
    return shutil.which("chromium")


def has_chinese_font() -> bool:
    """Say whether a page in Chinese would show characters and not boxes."""
    return any(Path("/usr/share/fonts").glob("**/NotoSansCJK*"))


def main() -> None:
    """Install what is missing where that is possible; fail in CI, warn elsewhere, if it is not."""
    if find_chromium() and has_chinese_font():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write("Installing Chromium and a Chinese font for the browser tests.\n")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "--quiet=2"],
            ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *PACKAGES],
        ):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    if find_chromium() is None:
        if os.environ.get("CI") == "true":
            sys.exit(f"In CI the browser tests must run. {NO_CHROMIUM}")
        sys.stderr.write(f"\n{'!' * 78}\n{NO_CHROMIUM}\n{'!' * 78}\n\n")


if __name__ == "__main__":
    main()
