"""What the slow tests take from Debian: `python -m tests.chromium` installs it.

Chromium and Chinese fonts for the browser, 300 poems of the Tang dynasty as a public corpus, the
daemon of ClamAV, and nginx.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clamav import NO_CLAMD, find_clamd
from tests.nginx import NO_NGINX, find_nginx

PACKAGES = ("chromium", "fonts-noto-cjk", "fortunes-zh", "clamav-daemon", "nginx")
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
    if all((find_chromium(), has_chinese_font(), POEMS.exists(), find_clamd(), find_nginx())):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(
            "Installing Chromium, a Chinese font, a public corpus, ClamAV and nginx for slow tests.\n"
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
        (find_nginx(), NO_NGINX),
    ):
        if found:
            continue
        if os.environ.get("CI") == "true":
            sys.exit(f"In CI these tests must run. {complaint}")
        sys.stderr.write(f"\n{'!' * 78}\n{complaint}\n{'!' * 78}\n\n")


if __name__ == "__main__":
    main()
