"""Rules of the house that a memory would forget: each is checked here, not hoped for."""

import ast
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "geo", "routing", "tiles")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def ignored_names() -> list[str]:
    """Give the patterns of .gitignore, as names of files and folders, and git's own folder."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [".git", *(line.strip("/") for line in lines if line and not line.startswith("#"))]


def tracked_files() -> list[Path]:
    """Give what belongs to the project, and nothing that ./run, its tests or the tools make.

    By git where it is at hand and answers; an unpacked archive, a machine without git and a folder
    of another owner, which git refuses to look at, are walked.
    """
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
            return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    return walked_files()


def walked_files() -> list[Path]:
    """Walk the folder as `tracked_files` does where git does not answer."""
    ignored = ignored_names()
    found = []
    for folder, names, files in os.walk(ROOT):
        kept = [name for name in names if not is_ignored(name, ignored)]
        names[:] = kept
        found += [Path(folder, name) for name in files if not is_ignored(name, ignored)]
    return found


def is_ignored(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def test_a_walk_finds_what_git_lists():
    # What is tested on machines without git is what is tested on those with it.
    assert set(walked_files()) == set(tracked_files())


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_imports_point_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_routing_is_light():
    # A library that drags in a web server or a database is no library.
    code = (
        "import sys, routing.search, routing.coverage, routing.graph;"
        "print([m for m in ('fastapi', 'sqlalchemy', 'geoalchemy2', 'osmnx', 'geopandas',"
        " 'osmium', 'rasterio') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_alembic_folder_does_not_shadow_the_library():
    assert not list((ROOT / "alembic").rglob("__init__.py"))
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_no_dependency_takes_our_names():
    for distribution in distributions():
        top = {str(f).split("/")[0] for f in distribution.files or ()}
        if distribution.metadata["Name"] != "amparo":
            assert not top & set(PACKAGES), distribution.metadata["Name"]


def is_formatted(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod) or is_formatted(node.left) or is_formatted(node.right)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "join", "replace"}
    )


def formatted_sql(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in {"text", "execute", "exec_driver_sql", "scalar", "fetch"} and is_formatted(
            node.args[0]
        ):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_sql_is_bound_never_formatted():
    assert [hit for path in sources(*PACKAGES, "alembic") for hit in formatted_sql(path)] == []


def test_formatted_sql_is_found():
    for line in ('text(f"select {x}")', 'execute("select %s" % x)', 'text("a".format(x))'):
        assert is_formatted(ast.parse(line).body[0].value.args[0]), line


def test_every_setting_is_documented():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`AMPARO_{name.upper()}`" in README, name


def test_only_settings_read_the_environment():
    for path in sources(*PACKAGES):
        if path == ROOT / "app" / "settings.py":
            continue
        text = path.read_text(encoding="utf-8")
        if path == ROOT / "geo" / "postgres.py":
            # Not a setting: child processes of PostgreSQL get the environment without PG*.
            text = text.replace("os.environ.items()", "")
        assert "os.environ" not in text, path.relative_to(ROOT)
        assert "getenv" not in text, path.relative_to(ROOT)


def test_readme_commands_exist():
    script = (ROOT / "run").read_text(encoding="utf-8")
    for command in ("--setup-only", "test", "lint", "bench", "amparo"):
        assert f"./run {command}" in README
        assert command in script
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("./run --setup-only", "./run lint", "./run test"):
        assert command in ci
        assert command in README


def test_readme_cli_examples_exist():
    from typer.main import get_command

    from app.cli import app

    root = get_command(app)
    called = set(re.findall(r"\./run amparo ([a-z]+(?: [a-z]+)?)", README))
    assert called, "the README shows no amparo command"
    for words in called:
        command = root
        for word in words.split():
            commands = getattr(command, "commands", None)
            if commands is None:
                break
            assert word in commands, words
            command = commands[word]


def test_every_cli_command_has_an_example():
    from typer.main import get_command

    from app.cli import app

    def leaves(command, path=()):
        children = getattr(command, "commands", None)
        if children is None:
            yield path, command
            return
        for name, child in children.items():
            yield from leaves(child, (*path, name))

    for path, command in leaves(get_command(app)):
        assert "Example: amparo " + " ".join(path) in (command.help or ""), path


def test_locks_have_hashes_and_no_hosts():
    for name in (f"requirements{kind}.lock" for kind in ("", "-dev", "-bench", "-tipg")):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        pins = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)


def test_lock_has_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    for requirement in project["project"]["dependencies"]:
        name = re.split(r"[\[<>=!~;]", requirement)[0].lower().replace("_", "-")
        assert re.search(rf"^{re.escape(name)}(\[.*\])?==", locked, re.MULTILINE), name


def test_wheel_is_exactly_four_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)


def test_nothing_names_this_machine_or_a_package_host():
    this_file = Path(__file__).resolve()
    words = ("/work" + "/", "pythonhosted" + ".org", "pypi" + ".org", "registry.npmjs" + ".org")
    for path in tracked_files():
        if path == this_file or path.suffix in {".png", ".gz"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for word in words:
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"


def test_repository_stays_small():
    total = sum(path.stat().st_size for path in tracked_files())
    assert total < 15_000_000, f"{total:,} bytes"


def test_no_module_is_a_drawer():
    drawers = {"utils", "helpers", "common", "core", "crud"}
    for path in sources(*PACKAGES):
        assert path.stem not in drawers, path.relative_to(ROOT)


def test_files_stay_readable():
    # A concept draws the walls of a module, not its length; a page of this length has several.
    # Long for a reason: all tables; DDL.
    reasoned = {
        Path("alembic/versions/2026-11-25_tables.py"),
        Path("alembic/versions/2026-11-25_network_tables.py"),
    }
    for path in sources(*PACKAGES, "alembic"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if path.relative_to(ROOT) not in reasoned:
            assert lines <= 750, f"{path.relative_to(ROOT)}: {lines} lines"


def test_p50_reading_a_session_alone_makes_somebody_present():
    """Else one more way to make an actor would be one more way to be a second person."""
    makers, present = set(), set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id="Actor") | ast.Attribute(attr="Actor")):
                        makers.add(name)
                    case ast.Attribute(attr="SESSION", value=ast.Name(id="Means")):
                        present.add(name)
    assert makers == {"geo/people.py"}
    assert present == {"geo/authority.py", "geo/sign_in.py"}


#: Places where tests still go by the real clock, of each kind: these numbers only ever go down.
#: Tests are given a moment (`clock=lambda: NOW`) and wait for what happens, not for a time.
STILL_BY_THE_CLOCK = {"now": 114, "sleep": 31}
_READS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
_SLEEPS = {"time.sleep", "asyncio.sleep"}


def by_the_clock(tree: ast.AST) -> list[tuple[str, int]]:
    """Give what reads the real clock or waits for a fixed time, and the line."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        # The last two names: datetime.datetime.now, asyncio.sleep.
        name = ".".join(ast.unparse(node.func).split(".")[-2:])
        yields = any(isinstance(one, ast.Constant) and one.value == 0 for one in node.args)
        if name in _READS:
            found.append(("now", node.lineno))
        elif name in _SLEEPS and not yields:
            found.append(("sleep", node.lineno))
    return found


def test_no_more_tests_read_the_clock_or_wait_for_a_time():
    found = {kind: [] for kind in STILL_BY_THE_CLOCK}
    for path in sources("tests"):
        for kind, line in by_the_clock(ast.parse(path.read_text(encoding="utf-8"))):
            found[kind].append(f"{path.relative_to(ROOT)}:{line}")
    for kind, places in found.items():
        assert len(places) <= STILL_BY_THE_CLOCK[kind], "\n".join([kind, *places])


def test_reading_the_clock_and_waiting_are_found():
    source = "import asyncio\ndatetime.datetime.now(UTC)\ndate.today()\nawait asyncio.sleep(0)\n"
    source += "time.sleep(0.1)\nawait asyncio.sleep(delay)\nclock.now()\nnow()\n"
    assert by_the_clock(ast.parse(source, mode="exec")) == [
        ("now", 2),
        ("now", 3),
        ("sleep", 5),
        ("sleep", 6),
    ]
