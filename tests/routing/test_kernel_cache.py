"""What a kernel was compiled from decides whether its code on disk still holds."""

import importlib
import sys
from pathlib import Path

import pytest

from routing import _kernel_cache
from routing.cch import queries

KERNEL = """
from routing._numba import compiled
from pack.steps import STEP


@compiled
def forward(at):
    return at + STEP
"""


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """Give a folder with a package whose kernel reads another module's constant."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "kernel.py").write_text(KERNEL)
    step_of(folder, 1)
    yield folder
    forget()


def step_of(folder, step):
    (folder / "steps.py").write_text(f"STEP = {step}\n" + "#" * step)  # never of the same size


def forget():
    """Begin as a new process does."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "pack"]:
        del sys.modules[name]
    for cache in (_kernel_cache._text_of, _kernel_cache._imported, _kernel_cache.digest_of):
        cache.cache_clear()
    importlib.invalidate_caches()


def forward_in_a_new_process():
    forget()
    kernel = importlib.import_module("pack.kernel").forward
    return kernel(1), bool(kernel.stats.cache_hits)


def test_a_change_in_another_module_is_compiled_and_all_else_is_loaded(pack):
    assert forward_in_a_new_process() == (2, False)
    assert forward_in_a_new_process() == (2, True)
    step_of(pack, 5)
    assert forward_in_a_new_process() == (6, False)
    step_of(pack, 1)
    assert forward_in_a_new_process() == (2, True), "as after a change of branches"


def test_a_copy_of_the_same_sources_loads_what_another_compiled(pack, tmp_path, monkeypatch):
    forward_in_a_new_process()
    other = tmp_path / "elsewhere"
    pack.parent.joinpath("elsewhere").mkdir()
    pack.rename(other / "pack")
    monkeypatch.syspath_prepend(str(other))
    assert forward_in_a_new_process() == (2, True)


def test_old_versions_of_a_module_go(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(_kernel_cache, "_KEPT", 2)
    for step in (1, 2, 3, 4):
        step_of(pack, step)
        forward_in_a_new_process()
    versions = list((tmp_path / "cache" / "amparo" / "kernels" / "pack.kernel").iterdir())
    assert len(versions) == 2


def test_a_given_folder_comes_before_the_user_s(pack, tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "given"))
    assert forward_in_a_new_process() == (2, False)
    assert list((tmp_path / "given").rglob("*.nbc"))
    assert not (tmp_path / "cache").exists()


def test_a_kernel_s_sources_are_all_that_its_module_imports_of_ours():
    root = Path(queries.__file__).parents[2]
    sources = {
        str(Path(one).relative_to(root)) for one in _kernel_cache.sources_of(queries.__file__)
    }
    assert {"routing/cch/queries.py", "routing/cch/heap.py", "routing/_numba.py"} <= sources
    assert all(one.startswith("routing/") for one in sources)
