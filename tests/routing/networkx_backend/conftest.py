"""networkx with the backend, in this process and in new ones, installed or not."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import networkx as nx
import pytest
from networkx.utils import backends

ROOT = Path(__file__).resolve().parents[3]
GROUPS = ("networkx.backends", "networkx.backend_info")


@pytest.fixture(scope="session")
def ox():
    """Give osmnx, which takes two seconds to import: not when each worker collects all tests."""
    import osmnx

    return osmnx


@pytest.fixture(scope="session")
def points():
    """Give the entry points that pyproject.toml declares, by group."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        group: EntryPoint("amparo", declared["entry-points"][group]["amparo"], group)
        for group in GROUPS
    }


@pytest.fixture(scope="module", autouse=True)
def in_networkx(points):
    """Make networkx of this process know the backend, as its own conftest does with its own.

    It looks for entry points once, when it is imported, and an environment that `./run` has not
    renewed yet announces none.
    """
    with pytest.MonkeyPatch.context() as patch, nx.config(warnings_to_ignore={"cache"}):
        if "amparo" not in backends.backends:
            info = points["networkx.backend_info"].load()()
            patch.setitem(backends.backends, "amparo", points["networkx.backends"])
            patch.setitem(backends.backend_info, "amparo", info)
            patch.setattr(nx.config, "backends", nx.utils.Config(amparo=nx.utils.Config()))
            patch.setattr(
                backends._dispatchable,
                "__call__",
                backends._dispatchable._call_if_any_backends_installed,
            )
        yield


@pytest.fixture(scope="session")
def python(points, tmp_path_factory):
    """Give a function that runs Python with the backend installed, by metadata of its own."""
    folder = tmp_path_factory.mktemp("installed")
    metadata = folder / "amparo-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: amparo\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(
        "".join(f"[{group}]\n{p.name} = {p.value}\n" for group, p in points.items())
    )

    def run(*args, **environment):
        path = os.pathsep.join([str(ROOT), str(folder), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, "-P", *args],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": path} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    run.folder = folder
    return run
