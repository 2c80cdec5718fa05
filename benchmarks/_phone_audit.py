"""Lighthouse over a page, as it is from npm: a phone of its own making, with its own throttling."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks._phone_browser import prefer

_FOLDER: Final = Path(__file__).resolve().parents[1] / "frontend" / "audit"
_PROGRAM: Final = _FOLDER / "node_modules" / ".bin" / "lighthouse"

_LOOK_EVERY_S: Final = 0.5

CATEGORIES: Final = ("performance", "accessibility", "best-practices")


def install() -> None:
    """Install what the lock file says, unless it is there.

    Raises
    ------
    subprocess.CalledProcessError
        npm could not.
    """
    lock = _FOLDER / "package-lock.json"
    stamp = _FOLDER / "node_modules" / "amparo-lock"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"]
    subprocess.run(command, cwd=_FOLDER, check=True)  # noqa: S603
    stamp.write_bytes(lock.read_bytes())


def scores(url: str, chromium: str) -> tuple[dict[str, float], list[str]]:
    """Return the score of each category, of 100, and the audits that were not passed whole.

    Raises
    ------
    subprocess.CalledProcessError
        Lighthouse failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(_PROGRAM),
            url,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
            "--no-enable-error-reporting",
        ]
        running = subprocess.Popen(command, env=os.environ | {"CHROME_PATH": chromium})  # noqa: S603
        while running.poll() is None:
            # Its browser starts after it, and may start processes at any time.
            prefer(running.pid)
            time.sleep(_LOOK_EVERY_S)
        if running.returncode != 0:
            raise subprocess.CalledProcessError(running.returncode, command)
        found = json.loads(report.read_text("utf-8"))
    each = {name: 100.0 * (found["categories"][name]["score"] or 0) for name in CATEGORIES}
    short = [
        f"{audit['id']} {audit.get('displayValue', '')}".strip()
        for audit in found["audits"].values()
        if audit["score"] is not None and audit["score"] < 1
    ]
    return each, short
