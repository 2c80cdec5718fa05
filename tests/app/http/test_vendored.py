"""The vendored map bundle is what `frontend/` builds from its lock file, to the byte."""

import os
import shutil
import subprocess

import pytest

from app.http.assets import STATIC_FOLDER
from tests.conftest import ROOT

FRONTEND = ROOT / "frontend"


def test_the_vendored_bundle_is_built_again_byte_for_byte(tmp_path):
    node, modules = shutil.which("node"), FRONTEND / "node_modules" / "esbuild"
    if node is None or not modules.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("Node or its packages are missing, and CI must not skip its tests")
        pytest.skip("Node or its packages are missing; ./run --setup-only installs them")
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=FRONTEND, check=True, timeout=120)
    vendored = {file.name: file.read_bytes() for file in (STATIC_FOLDER / "vendor").iterdir()}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == vendored
