"""Scripts and styles stay within what the oldest browsers here can do: Chromium 87.

Phones of 2020 whose system is updated no more. `docs/operations.md` states it.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.http.assets import STATIC_FOLDER

FRONTEND = Path(__file__).resolve().parents[3] / "frontend"
#: Syntax that Chromium 87 has whole; esbuild rewrites some of it for that name, for its old bugs.
TARGET = "es2021"

#: What came after it, by MDN's tables of compatibility: the release of Chrome that brought it.
NEWER = {
    92: r"\.at\(|crypto\.randomUUID\(",
    93: r"Object\.hasOwn\b",
    97: r"\.findLast(Index)?\(",
    98: r"\bstructuredClone\b",
    103: r"AbortSignal\.timeout\b",
    105: r"querySelector(All)?\([^)]*:has\(|closest\([^)]*:has\(",
    110: r"\.to(Sorted|Reversed|Spliced)\(",
    116: r"AbortSignal\.any\b",
    117: r"\b(Object|Map)\.groupBy\b",
    119: r"\bPromise\.withResolvers\b",
    121: r"\bArray\.fromAsync\b",
    122: r"\.(isSubsetOf|isSupersetOf|symmetricDifference)\(",
}
#: Asked for before it is called.
ASKED_FOR = re.compile(r"if \(crypto\.randomUUID\) return crypto\.randomUUID\(\);")

#: Names the scripts that esbuild writes otherwise for the oldest browser than for the newest.
LOWERED = """
import { transformSync } from 'esbuild';
import { readFileSync } from 'node:fs';
const newer = [];
// Of ES2022 Chromium 84 has the fields of classes.
const kinds = ['field', 'static-field', 'private-field', 'private-method', 'private-static-field'];
const supported = Object.fromEntries(kinds.map((kind) => [`class-${kind}`, true]));
for (const path of JSON.parse(process.argv[1])) {
  const code = readFileSync(path, 'utf8');
  const written = (target) => transformSync(code, { target, supported, format: 'esm' }).code;
  if (written(process.argv[2]) !== written('esnext')) newer.push(path);
}
console.log(JSON.stringify(newer));
"""


def scripts() -> list[Path]:
    return [path for path in STATIC_FOLDER.glob("*.js") if path.name != "sw.js"]


def test_no_script_calls_what_the_oldest_browser_has_not():
    found = [
        f"{path.name}: {match[0]} is of Chrome {release}"
        for path in [*scripts(), STATIC_FOLDER / "sw.js"]
        for release, pattern in NEWER.items()
        for match in re.finditer(pattern, ASKED_FOR.sub("", path.read_text("utf-8")))
    ]
    assert found == []


def test_no_script_is_written_in_newer_syntax():
    node = shutil.which("node")
    if node is None or not (FRONTEND / "node_modules" / "esbuild").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Node or its packages are missing, and CI must not skip its tests")
        pytest.skip("Node or its packages are missing; ./run --setup-only installs them")
    command = [node, "--input-type=module", "-e", LOWERED]
    command += [json.dumps([str(path) for path in scripts()]), TARGET]
    told = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == []
