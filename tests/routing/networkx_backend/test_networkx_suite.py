"""networkx finds the backend, and its own tests of shortest paths pass on it."""

import json
import re

import pytest

from routing.networkx_backend import interface
from routing.networkx_backend.info import get_info

pytestmark = pytest.mark.long

#: Counts what networkx calls of ours, so that a run in which everything fell back is noticed.
COUNTING = """
import atexit, collections, functools, importlib.util, json, pathlib, sys, types
from routing.networkx_backend import interface
from routing.networkx_backend.info import get_info

if importlib.util.find_spec("scipy") is None:
    # networkx's harness only asks whether a result is a sparse array, which none of ours is.
    sparse = types.ModuleType("scipy.sparse")
    sparse.sparray = type("sparray", (), {})
    scipy = types.ModuleType("scipy")
    scipy.sparse = sparse
    sys.modules |= {"scipy": scipy, "scipy.sparse": sparse}

calls = collections.Counter()

def counted(name, function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        calls[name] += 1
        return function(*args, **kwargs)
    return call

for name in get_info()["functions"]:
    setattr(interface, name, counted(name, getattr(interface, name)))
atexit.register(lambda: pathlib.Path("calls.json").write_text(json.dumps(calls)))
"""


def test_networkx_s_own_tests_pass_on_the_backend(python):
    (python.folder / "counting.py").write_text(COUNTING)
    done = python(
        "-m",
        "pytest",
        *("-p", "counting", "-p", "no:cacheprovider", "-p", "no:xdist", "-q"),
        *("-W", "ignore", "--import-mode=importlib"),
        *("--pyargs", "networkx.algorithms.shortest_paths"),
        NETWORKX_TEST_BACKEND="amparo",
        NETWORKX_FALLBACK_TO_NX="1",
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    counts = dict(re.findall(r"(\d+) (passed|failed|xfailed|skipped|error)", done.stdout)[::-1])
    passed = {what: int(count) for count, what in counts.items()}
    assert passed.keys() == {"passed"}, done.stdout[-1000:]
    assert passed["passed"] > 600
    calls = json.loads((python.folder / "calls.json").read_text())
    assert calls.keys() == get_info()["functions"].keys()


def test_the_import_of_networkx_loads_nothing_of_ours_but_the_announcement(python):
    code = """
import sys, networkx as nx
heavy = {"numba", "numpy", "shapely", "routing.cch", "routing.networkx_backend.interface"}
print(sorted(heavy & sys.modules.keys()), "amparo" in nx.utils.backends.backends)
print("amparo" in nx.shortest_path.__doc__)
"""
    done = python("-W", "error", "-c", code)
    assert done.stdout.split("\n") == ["[] True", "True", ""], done.stderr


def test_a_call_reaches_the_backend_by_priority_and_by_name(python):
    code = """
import logging, networkx as nx
logging.basicConfig(level=logging.DEBUG, format="%(message)s")
graph = nx.path_graph(4, create_using=nx.DiGraph)
print(nx.shortest_path(graph, 0, 3, weight="w", backend="amparo"))
from routing.networkx_backend.conversion import RoadNetwork
print(nx.shortest_path_length(RoadNetwork.from_networkx(graph), 0, 3))
small = nx.path_graph(4)
print(nx.shortest_path(small, 0, 3, weight="w"))
large = nx.cycle_graph(12_000)
print(nx.shortest_path_length(large, 0, 5_000, weight="w"))
"""
    done = python("-c", code, NETWORKX_BACKEND_PRIORITY="amparo")
    assert done.stdout.split("\n") == ["[0, 1, 2, 3]", "3", "[0, 1, 2, 3]", "5000", ""]
    assert done.stderr.count("Using backend 'amparo'") == 3
    assert "searched faster than converted" in done.stderr


def test_what_is_announced_is_what_there_is():
    info = get_info()
    assert info["backend_name"] == "amparo"
    assert info["functions"].keys() == interface._WEIGHT.keys()
    for name in info["functions"]:
        assert callable(getattr(interface, name))
