"""Finds a Chromium that starts, or installs one: Playwright's own where it can be downloaded, else the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DOWNLOAD_SECONDS = 240
_WANTED = (
    "The browser tests need Chromium, and neither Playwright's download nor the system has one that starts. "
    "Install it (on Debian and Ubuntu `apt-get install chromium`, as root), then run make again."
)


def launch(playwright: Playwright) -> Browser:
    """Start Playwright's own Chromium, else one of the system's; raises playwright's Error when none starts."""
    paths: list[str | None] = [None, *(path for name in _NAMES if (path := shutil.which(name)))]
    reasons = []
    for path in paths:
        try:
            return playwright.chromium.launch(executable_path=path, args=_ARGS)
        except Error as error:
            reasons.append(f"{path or 'of Playwright'}: {error.message.splitlines()[0]}")
    raise Error("No Chromium starts. " + " | ".join(reasons))


def main() -> int:
    """Make sure that there is one; exit code 0 when there is."""
    if _starts() or (_download() and _starts()) or (_install() and _starts()):
        return 0
    print(_WANTED, file=sys.stderr)
    return 1


def _starts() -> bool:
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except Error:
            return False
        print(f"Browser tests use Chromium {browser.version}.")
        browser.close()
        return True


def _download() -> bool:
    print("Downloading Playwright's Chromium ...", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    return _run(command, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT="10000")


def _install() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("It cannot be downloaded; installing the system's chromium package ...", flush=True)
    return _run(["apt-get", "update"]) and _run(
        ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"], DEBIAN_FRONTEND="noninteractive"
    )


def _run(command: list[str], **environment: str) -> bool:
    try:
        done = subprocess.run(
            command, env={**os.environ, **environment}, timeout=_DOWNLOAD_SECONDS, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
