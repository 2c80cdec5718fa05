"""One process compiles the kernels, and the others load them."""

import fcntl
import threading
from types import SimpleNamespace

import pytest

from app.runtime import compilation


@pytest.fixture
def locked(tmp_path):
    """A file that another process has locked: a lock belongs to who has opened the file."""
    path = tmp_path / "kernels"
    path.touch()
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        yield path, other


def test_kernels_are_loaded_once_another_process_has_compiled_them(locked, monkeypatch):
    path, other = locked
    waits, order = threading.Event(), []
    monkeypatch.setattr(compilation, "time", SimpleNamespace(sleep=lambda _s: waits.set()))
    monkeypatch.setattr(compilation, "_POLLS", 10**9)
    loading = threading.Thread(
        target=lambda: [compilation.load(path, lambda: order.append("loaded")) for _ in range(2)]
    )
    loading.start()
    assert waits.wait(60)
    order.append("compiled")
    fcntl.flock(other, fcntl.LOCK_UN)
    loading.join(60)
    assert order == ["compiled", "loaded"]


def test_a_process_that_never_ends_keeps_nobody_from_compiling(locked, monkeypatch):
    waited, order = [], []
    monkeypatch.setattr(compilation, "time", SimpleNamespace(sleep=waited.append))
    compilation.load(locked[0], lambda: order.append("compiled"))
    assert order == ["compiled"]
    assert sum(waited) == pytest.approx(180)
