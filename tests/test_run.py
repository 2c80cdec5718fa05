"""The shell side of ``./run``, in a copy of the repository with a stub for the application.

Its lock files are empty, so that nothing here needs the network; bare machines are tried in
a container before a release (docs/operations.md).
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.fixtures import file_order
from tests.fixtures.ports import free_port
from tests.fixtures.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-bench.lock",
    "requirements-uv.lock",
)
STUB = """
import json, os, sys
def app(prog_name):
    print(json.dumps({
        "name": prog_name, "args": sys.argv[1:], "cwd": os.getcwd(), "home": __file__,
        "prefix": sys.prefix, "version": sys.version_info[:2], "stdin": sys.stdin.read(),
        "is_compiled_each_time": sys.dont_write_bytecode,
    }))
"""


def make_repository(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(ROOT / "run", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for lock in LOCKS:
        (folder / lock).touch()
    (folder / "app").mkdir()
    (folder / "app" / "cli.py").write_text(STUB)
    (folder / "app" / "runtime").mkdir()
    (folder / "app" / "runtime" / "compilation.py").write_text("open('compiled', 'x')")
    return folder


def run(repository, *args, cwd="/", **environment):
    return subprocess.run(
        [repository / "run", *args],
        cwd=cwd,
        env={**os.environ, "AMPARO_DATABASE_URL": "unused", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def first_starts(tmp_path_factory):
    """Start a copy three times at once, where no fitting Python comes first; give what they said.

    Its path has a space.
    """
    folder = tmp_path_factory.mktemp("run")
    copy = make_repository(folder / "a copy")
    old = folder / "old"
    old.mkdir()
    for name in ("python3", "python3.12", "python3.13"):  # too old, a broken shim, no venv
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    starts = [
        subprocess.Popen(
            [copy / "run", "amparo", str(number)],
            env={
                **os.environ,
                "AMPARO_DATABASE_URL": "unused",
                "PATH": f"{old}:{os.environ['PATH']}",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    said = [start.communicate(timeout=300) for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], said
    return copy, said


@pytest.fixture(scope="module")
def repository(first_starts):
    """A copy whose environment is complete."""
    copy, _ = first_starts
    return copy


@pytest.fixture
def no_installer(tmp_path):
    """A PATH on which whatever installs or reaches the network fails loudly."""
    for name in ("pip", "pip3", "uv", "apt-get", "sudo", "python3", "python3.12", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\necho installing >&2\nexit 77\n")
        (tmp_path / name).chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def test_shellcheck_finds_nothing():
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None and not os.environ.get("CI"):
        pytest.skip("no shellcheck here (never skipped by CI)")
    done = subprocess.run(
        [str(shellcheck), "run", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_help_names_every_command_and_installs_nothing(tmp_path):
    copy = make_repository(tmp_path / "copy")
    done = run(copy, "--help")
    assert done.returncode == 0
    for command in ("--setup-only", "test", "lint", "bench", "amparo"):
        assert f"./run {command}" in done.stdout
    assert not (copy / ".venv").exists()


def test_an_unknown_command_is_refused():
    done = run(ROOT, "sevre")
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_arguments_reach_the_command_line_from_any_folder(repository, tmp_path):
    (tmp_path / "app").mkdir()  # a folder of this name must not be taken for ours
    (tmp_path / "app" / "cli.py").write_text("raise SystemExit('the wrong app')")
    found = answer(run(repository, "amparo", "roads", "a b", "*", "--x=$HOME", cwd=tmp_path))
    assert found["args"] == ["roads", "a b", "*", "--x=$HOME"]
    assert found["name"] == "amparo"
    assert found["cwd"] == str(tmp_path)
    assert found["prefix"] == str(repository / ".venv")
    assert found["home"] == str(repository / "app" / "cli.py")
    assert found["stdin"] == ""


def test_without_arguments_it_serves(repository):
    assert answer(run(repository, AMPARO_PORT=str(free_port())))["args"] == ["serve"]


def test_a_link_to_it_works(repository, tmp_path):
    (tmp_path / "start-amparo").symlink_to(repository / "run")
    done = subprocess.run(
        [tmp_path / "start-amparo", "amparo"],
        env={**os.environ, "AMPARO_DATABASE_URL": "unused"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer(done)["prefix"] == str(repository / ".venv")


def test_a_complete_environment_is_used_without_installing(repository, no_installer):
    done = run(repository, "amparo", PATH=no_installer)
    assert answer(done)
    assert done.stderr == ""


def test_a_foreign_python_environment_does_not_leak_in(repository, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "cli.py").write_text("raise SystemExit('the wrong app')")
    done = run(
        repository,
        "amparo",
        PYTHONPATH=str(tmp_path),
        PYTHONHOME="/nowhere",
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert answer(done)["home"] == str(repository / "app" / "cli.py")
    assert not answer(done)["is_compiled_each_time"]


def test_a_taken_port_is_said_before_any_work(tmp_path, no_installer):
    copy = make_repository(tmp_path / "copy")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(copy, AMPARO_PORT=str(port), PATH=no_installer)
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in done.stderr
    assert f"AMPARO_PORT={port + 1}" in done.stderr
    assert "installing" not in done.stderr
    assert not (copy / ".venv").exists()


@pytest.mark.every(2, first=1)
@pytest.mark.parametrize("port", ["http", "-1", "080", "8000; id", "123456"])
def test_a_port_that_is_none_is_refused(repository, port):
    done = run(repository, AMPARO_PORT=port)
    assert done.returncode == 1
    assert "AMPARO_PORT is not a port" in done.stderr


def test_simultaneous_first_starts_share_one_environment_of_no_too_old_python(first_starts):
    _, said = first_starts
    assert [err.count("making the virtual environment") for _, err in said].count(1) == 1
    assert {tuple(json.loads(out)["version"]) >= (3, 12) for out, _ in said} == {True}
    assert [json.loads(out)["args"] for out, _ in said] == [["0"], ["1"], ["2"]]


def test_networkx_finds_the_backend_of_the_checkout(repository):
    """A checkout is not installed, but says so where entry points are looked for."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    code = """
import json
from importlib.metadata import entry_points, version
groups = "networkx.backends", "networkx.backend_info"
print(json.dumps([version("amparo")] + [
    {point.name: point.value for point in entry_points(group=group)} for group in groups]))
"""
    done = subprocess.run(
        [repository / ".venv" / "bin" / "python", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    points = project["entry-points"]
    expected = [points["networkx.backends"], points["networkx.backend_info"]]
    assert json.loads(done.stdout) == [project["version"], *expected]
    assert "amparo" in expected[0]


def test_a_changed_version_is_announced_without_installing(repository, no_installer):
    pyproject = repository / "pyproject.toml"
    text = pyproject.read_text()
    try:
        pyproject.write_text(text.replace('version = "0.1.0"', 'version = "0.9.9"'))
        assert answer(run(repository, "amparo", PATH=no_installer))
        packages = next((repository / ".venv" / "lib").glob("python*")) / "site-packages"
        assert [p.name for p in packages.glob("amparo-*")] == ["amparo-0.9.9.dist-info"]
    finally:
        pyproject.write_text(text)
        assert answer(run(repository, "amparo"))


def test_an_interrupted_set_up_is_finished_and_a_changed_lock_installed(repository):
    compiled = repository / "compiled"  # in the background, by each installation
    wait_until(compiled.exists)
    compiled.unlink()
    (repository / ".venv" / "amparo-requirements.lock").unlink()
    again = run(repository, "amparo")
    assert answer(again)
    wait_until(compiled.exists)
    assert "installing Python packages of requirements.lock" in again.stderr
    assert "making" not in again.stderr


@pytest.mark.long
def test_a_copy_makes_its_environment_anew_and_leaves_a_linked_one_alone(repository, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(repository, moved, ignore=shutil.ignore_patterns(".venv"))
    (moved / ".venv").symlink_to(repository / ".venv")
    found = answer(run(moved, "amparo"))
    assert found["prefix"] == str(moved / ".venv")
    assert found["home"] == str(moved / "app" / "cli.py")
    assert not (moved / ".venv").is_symlink()
    assert answer(run(repository, "amparo"))["prefix"] == str(repository / ".venv")


@pytest.fixture(scope="module")
def measured(repository):
    """A copy with two benchmarks, and what developing needs."""
    (repository / ".venv" / "amparo-requirements-dev.lock").write_text(
        (repository / ".venv" / "amparo-requirements.lock").read_text()
    )
    (repository / "benchmarks").mkdir()
    (repository / "benchmarks" / "echo.py").write_text("import sys; print(sys.argv[1:])")
    (repository / "benchmarks" / "routing.py").write_text("print('measured')")
    return repository


def test_an_unknown_benchmark_is_refused(measured):
    done = run(measured, "bench", "../echo")
    assert done.returncode == 1
    assert "no benchmark" in done.stderr
    listed = run(measured, "bench")
    assert listed.returncode == 2
    assert listed.stdout.split() == ["echo", "routing"]
    assert run(measured, "bench", "echo", "7").stdout.strip() == "['7']"


@pytest.mark.long
def test_the_peers_are_installed_for_their_benchmark_alone_and_once(measured):
    said = [run(measured, "bench", name) for name in ("echo", "routing", "routing")]
    assert [done.stdout for done in said] == ["[]\n", "measured\n", "measured\n"], said
    lock = "installing Python packages of requirements-bench.lock"
    assert [lock in done.stderr for done in said] == [False, True, False]
    # A lock that cannot be installed here, as where a peer has no wheel, stops nothing.
    bench_lock = measured / "requirements-bench.lock"
    try:
        bench_lock.write_text("no-such-package\n")
        done = run(measured, "bench", "routing")
    finally:
        bench_lock.write_text("")
    assert done.stdout == "measured\n", done.stderr
    assert "going on without them" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_one_may_not_write_says_so(tmp_path):
    copy = make_repository(tmp_path / "copy")
    for folder in (copy, *copy.parents):
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o005)
    done = subprocess.run(
        [copy / "run", "amparo"],
        env={"PATH": "/usr/bin:/bin", "AMPARO_DATABASE_URL": "unused"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user="nobody",
        group="nogroup",
        extra_groups=[],
    )
    assert done.returncode == 1
    assert "cannot write in" in done.stderr


def test_ci_runs_what_the_readme_says():
    said = (ROOT / ".ci" / "run").read_text()
    commands = [line for line in said.splitlines() if line.startswith("./run")]
    assert commands == ["./run --setup-only", "./run lint", "./run test"]
    assert "set -eu" in said
    assert "exec </dev/null" in said


def test_workers_take_the_longest_files_first_and_know_each_by_name():
    seconds = file_order.read_seconds()
    assert [name for name in seconds if not (ROOT / name).is_file()] == []
    assert list(seconds.values()) == sorted(seconds.values(), reverse=True)
    assert [name for name in file_order.PLAIN if not (ROOT / name).is_file()] == []
    plain = file_order.PLAIN[0]
    files = ["tests/a.py", "tests/b.py", plain, "tests/d.py"]
    given = {"tests/b.py": 9.0, "tests/d.py": 8.0, plain: 2.0}
    assert file_order.in_order(files, given) == ["tests/b.py", plain, "tests/d.py", "tests/a.py"]


def test_on_several_cores_tests_in_a_browser_and_no_others_are_tried_twice(request):
    """But for those of protection rules, which may not be broken once."""
    tried_twice = {item for item in request.session.items if item.get_closest_marker("flaky")}
    in_a_browser = {
        item
        for item in request.session.items
        if "tests/browser/" in item.nodeid and not re.match(r"test_p\d", item.name)
    }
    assert tried_twice == (in_a_browser if "PYTEST_XDIST_WORKER" in os.environ else set())
    assert request.config.getoption("max_suite_reruns") == 2  # more is no chance: it fails
    assert request.config.getoption("rerun_show_tracebacks")
