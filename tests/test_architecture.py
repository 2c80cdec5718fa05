"""Rules of the house that a memory would forget: each is checked here, not hoped for."""

import ast
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path

from tests.fixtures import house

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "geo", "routing", "tiles")


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


def tree_nodes(path: Path, names: Iterable[str], then: str = r"\b") -> Iterator[ast.AST]:
    """Give the parts of a module that has one of the names; to parse all takes seconds."""
    text = path.read_text(encoding="utf-8")
    if re.search(rf"\b(?:{'|'.join(names)}){then}", text):
        yield from ast.walk(ast.parse(text))


def test_imports_point_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_no_import_runs_in_a_circle():
    known = house.modules()
    assert not house.circle(house.imports(known))
    assert not house.circle(house.arrows(known))
    assert house.circle({"a": ["b"], "b": ["a"]})


def test_no_room_is_a_hall():
    for folder, names in house.rooms(house.modules()).items():
        assert len(names) <= 20, f"{folder}: {len(names)} modules"


def test_the_map_of_the_house_is_true():
    assert house.PAGE.read_text("utf-8") == house.written(), "python -m tests.fixtures.house"


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


#: Calls that take SQL.
TAKING_SQL = frozenset({"text", "execute", "exec_driver_sql", "scalar", "fetch"})


def formatted_sql(path: Path) -> list[str]:
    found = []
    for node in tree_nodes(path, TAKING_SQL, r"\s*\("):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in TAKING_SQL and is_formatted(node.args[0]):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_sql_is_bound_never_formatted():
    assert [hit for path in sources(*PACKAGES, "alembic") for hit in formatted_sql(path)] == []


def test_formatted_sql_is_found():
    for line in ('text(f"select {x}")', 'execute("select %s" % x)', 'text("a".format(x))'):
        assert is_formatted(ast.parse(line).body[0].value.args[0]), line


#: PostgreSQL's clocks, in SQL text or as SQLAlchemy's functions; ours are `geo.db.clock` and
#: `alembic/baseline/clock.sql`.
OTHER_CLOCKS = re.compile(
    r"(?<![\w.])now\(\)|pg_catalog\.now\(\)"
    r"|\b(current_(date|time|timestamp)|(?-i:localtime|LOCALTIME)(stamp)?|(clock|statement|transaction)_timestamp"
    r"|timeofday)\b"
    r"|'(today|tomorrow|yesterday)'::",
    re.IGNORECASE,
)
#: One of these is in all that the expression finds.
_CLOCK_WORDS = (
    *("now()", "current_", "localtime", "_timestamp", "timeofday"),
    *("'today'", "'tomorrow'", "'yesterday'"),
)
_CLOCK_FUNCTIONS = re.compile(
    r"\bfunc\s*\.\s*(now|current_date|current_timestamp|clock_timestamp)\b"
)


def other_clocks(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        strings = [line.partition("--")[0] for line in text.splitlines()]
        return [line for line in strings if OTHER_CLOCKS.search(line)]
    found = []
    # Few files name one at all: plain words are found quickest, and the others are not worth the
    # time of an expression, nor of a parser.
    low = text.lower()
    is_worth_it = any(word in low for word in _CLOCK_WORDS) and OTHER_CLOCKS.search(text)
    if not is_worth_it and not _CLOCK_FUNCTIONS.search(text):
        return found
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(
                value=ast.Name(id="func"),
                attr="now" | "current_date" | "current_timestamp" | "clock_timestamp",
            ):
                found.append(f"{path.name}:{node.lineno}")
            case ast.Constant(value=str(value)) if OTHER_CLOCKS.search(value):
                found.append(f"{path.name}:{node.lineno}: {value.strip()[:80]}")
    return found


def test_sql_asks_no_clock_but_ours():
    exempt = {
        ROOT / name
        for name in (
            "alembic/baseline/clock.sql",
            # The tests of the clock, which compare it to the others.
            "tests/fixtures/clock.py",
            "tests/geo/db/test_clock.py",
            "tests/test_architecture.py",
        )
    }
    files = [*sources(*PACKAGES, "alembic", "tests"), *(ROOT / "alembic").rglob("*.sql")]
    assert [hit for path in files if path not in exempt for hit in other_clocks(path)] == []


def test_another_clock_is_found(tmp_path):
    for line in (
        'text("select now()")',
        'text("where x >= current_date")',
        "func.now()",
        "func.clock_timestamp()",
        'text("default CURRENT_TIMESTAMP")',
    ):
        made = tmp_path / "x.py"
        made.write_text(line)
        assert other_clocks(made), line
    made.write_text("text('select amparo.now(), instant(), today()'); clock.now()")
    assert other_clocks(made) == []


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


def normalized(requirement: str) -> str:
    return re.split(r"[\[<>=!~;]", requirement)[0].lower().replace("_", "-")


def test_lock_has_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["server"]]:
        name = normalized(requirement)
        assert re.search(rf"^{re.escape(name)}(\[.*\])?==", locked, re.MULTILINE), name


def test_the_library_needs_exactly_what_it_imports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    imported = {
        name.partition(".")[0]
        for path in sources("routing")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }
    needed = imported - set(sys.stdlib_module_names) - {"routing"}
    assert needed == {normalized(one) for one in project["dependencies"]}


def test_import_routing_alone_is_quick_and_light_and_names_all_it_offers():
    # A library that drags in a web server or a database is no library.
    code = (
        "import sys, routing; bare = {'numpy', 'numba', 'shapely'} & {*sys.modules};"
        "import routing.router.regional, routing.route.coverage, routing.graph.road_graph;"
        "heavy = {'fastapi', 'sqlalchemy', 'geoalchemy2', 'osmnx', 'geopandas', 'osmium',"
        " 'rasterio'} & {*sys.modules};"
        "print(bare, heavy, all(getattr(routing, name).__module__.startswith('routing.')"
        " for name in routing.__all__), {'osmnx', 'osmium'} & {*sys.modules})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "set() set() True set()"


def test_the_command_says_what_a_library_alone_lacks():
    code = "import sys; sys.modules['typer'] = None; from app.entry_point import run; run()"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert found.stderr.startswith("amparo: typer is not installed.")
    assert "amparo[server]" in found.stderr


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


def test_one_module_knows_where_data_lie_that_may_not_be_shipped():
    this_file, guard = Path(__file__).resolve(), ROOT / "tests" / "fixtures" / "shared_data.py"
    beside = re.compile(r"""["'/]shared["'/]""")
    naming = {
        path
        for path in tracked_files()
        if path.suffix in {".py", ".md", ".sh", ".mjs", ".toml", ".ipynb"} or path.name == "run"
        if beside.search(path.read_text(encoding="utf-8"))
    }
    assert naming - {this_file} == {guard}


def test_repository_stays_small():
    # A clone takes seconds, over a slow line too; no data set or bundle slips in unseen.
    total = sum(path.stat().st_size for path in tracked_files())
    assert total < 19_950_000, f"{total:,} bytes"


def test_no_module_is_a_drawer():
    drawers = {"utils", "helpers", "common", "core", "crud"}
    for path in sources(*PACKAGES):
        assert path.stem not in drawers, path.relative_to(ROOT)


def test_files_stay_readable():
    # A concept draws the walls of a module, not its length; a page of this length has several.
    for path in sources(*PACKAGES, "alembic"):
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 750, f"{path.relative_to(ROOT)}: {lines} lines"


def test_the_baseline_stays_readable():
    files = [*(ROOT / "alembic").rglob("*.sql"), *(ROOT / "alembic" / "versions").glob("*.py")]
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in files}
    assert sum(map(len, lines.values())) <= 3_500
    # The two alphabets that an index folds names by stand in one line each.
    long = [line for found in lines.values() for line in found if len(line) > 100]
    assert len(long) <= 2, long


def test_p50_reading_a_session_alone_makes_somebody_present():
    """Else one more way to make an actor would be one more way to be a second person."""
    makers, present = set(), set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in tree_nodes(path, ["Actor", "SESSION"]):
                match node:
                    case ast.Call(func=ast.Name(id="Actor") | ast.Attribute(attr="Actor")):
                        makers.add(name)
                    case ast.Attribute(attr="SESSION", value=ast.Name(id="Means")):
                        present.add(name)
    assert makers == {"geo/accounts/people.py"}
    assert present == {"geo/accounts/permissions.py", "geo/accounts/sign_in.py"}


def test_a_class_name_means_one_thing():
    """Few names stand in two modules: a table, and what the router or a body makes of its rows."""
    places: dict[str, list[str]] = {}
    for path in sources(*PACKAGES):
        for name in re.findall(
            r"^class ([^\W_]\w*) *[(:\[]", path.read_text("utf-8"), re.MULTILINE
        ):
            places.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    assert len(places) > 100
    shared = {name: found for name, found in places.items() if len(found) > 1}
    assert len(shared) <= 7, shared


#: Calls that look into a text.
_LOOKING_INTO = frozenset(
    {"count", "find", "findall", "finditer", "index", "replace", "rfind", "rindex", "search"}
    | {"endswith", "removeprefix", "removesuffix", "startswith", "fullmatch", "match", "sub"}
    | {"partition", "rpartition", "rsplit", "split", "splitlines"}
)

#: What an exception's text is also known by, beside `str` of it.
_TEXT_OF_AN_ERROR = frozenset({"args", "detail", "message", "msg", "problems", "reason", "reasons"})

#: Names of what explains something: a `geo.reasons.CodedReason`, told apart by its code.
_REASONS = frozenset({"note", "problem", "reason", "remark", "why"})

#: What is written where one of them may be. Where nothing is called as an exception or a reason is,
#: nothing can be looked into, and a walk through what stands there takes seconds.
_ERRORS_OR_REASONS = re.compile(
    rf"(?:Error|Exception)\b|\b(?:except|error|exc|{'|'.join(sorted(_REASONS))})\b"
)

#: The function that cuts the text of a database's own exception for a person to read, and decides
#: nothing by it.
_FOREIGN = "_refusal"


class _Reading(ast.NodeVisitor):
    """Finds where a function looks into the text of an exception or of a reason."""

    def __init__(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.lines: list[int] = []
        nodes = list(ast.walk(function))
        self._errors = {node.name for node in nodes if isinstance(node, ast.ExceptHandler)} | {
            node.arg
            for node in nodes
            if isinstance(node, ast.arg)
            and (node.arg in {"error", "exc"} or self._is_error(node.annotation))
        }
        self._texts: set[str] = set()
        for node in nodes:
            if isinstance(node, ast.Assign) and self._is_text(node.value):
                self._texts |= {one.id for one in node.targets if isinstance(one, ast.Name)}
        # Where nothing is named as an exception or a reason, nothing can be looked into.
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        if names & (self._errors | self._texts | _REASONS):
            self.visit(function)

    @staticmethod
    def _is_error(annotation: ast.expr | None) -> bool:
        match annotation:
            case ast.BinOp(left=stated, right=ast.Constant(value=None)):
                return _Reading._is_error(stated)
            case ast.Name(id=stated) | ast.Attribute(attr=stated) | ast.Constant(value=str(stated)):
                return stated.removesuffix(" | None").endswith(("Error", "Exception"))
            case ast.BinOp(right=last):
                return _Reading._is_error(last)
            case _:
                return False

    def _is_text(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self._texts
            case ast.Call(func=ast.Name(id="str" | "repr"), args=[of]):
                return any(isinstance(n, ast.Name) and n.id in self._errors for n in ast.walk(of))
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return name in self._errors and attribute in _TEXT_OF_AN_ERROR
            case ast.Subscript(value=of) | ast.Call(func=ast.Attribute(value=of)):
                return self._is_text(of)
            case ast.JoinedStr(values=parts):
                shown = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
                return any(
                    self._is_text(one) or (isinstance(one, ast.Name) and one.id in self._errors)
                    for one in shown
                )
            case _:
                return False

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        # A reason that is one of a few is a code under that name (`app.journeys.route_ends`): it
        # may be equal.
        texts = [one for one in sides if self._is_text(one) and not _is_code(one, node.ops)]
        contained = [one for one in sides if isinstance(one, ast.Name) and one.id in _REASONS]
        if any(isinstance(op, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for op in node.ops):
            is_within = isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(
                node.left, ast.Constant
            )
            if texts or (contained and is_within and node.left.value != "\x00"):
                self.lines.append(node.lineno)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKING_INTO:
            looked_at = [node.func.value, *node.args]
            if node.func.attr == "count":  # of a list it is no look into a text
                looked_at = [node.func.value]
            if any(
                self._is_text(one) or (isinstance(one, ast.Name) and one.id in _REASONS)
                for one in looked_at
            ):
                self.lines.append(node.lineno)
        self.generic_visit(node)


def _is_code(node: ast.expr, operators: list[ast.cmpop]) -> bool:
    is_reason = isinstance(node, ast.Attribute) and node.attr == "reason"
    return is_reason and all(isinstance(op, ast.Eq | ast.NotEq) for op in operators)


def reading_of_errors(source: str) -> list[int]:
    """Give the lines of a module that look into the text of an exception or a reason."""
    lines = source.splitlines()
    functions = [
        node
        for node in house.statements(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name != _FOREIGN
        and _ERRORS_OR_REASONS.search("\n".join(lines[node.lineno - 1 : node.end_lineno]))
    ]
    return sorted({line for function in functions for line in _Reading(function).lines})


def test_nothing_reads_an_own_errors_text():
    # What somebody decides by is a code: an English sentence is worded anew one day.
    found = []
    for path in sources(*PACKAGES):
        text = path.read_text(encoding="utf-8")
        if _ERRORS_OR_REASONS.search(text):
            found += [f"{name_of(path)}:{line}" for line in reading_of_errors(text)]
    assert found == []


def test_reading_of_errors_is_found():
    for line in (
        'return "swapped" in str(error)',
        'return str(error) == "gone"',
        'return error.args[0].startswith("the words")',
        'return re.fullmatch(r"is .*", f"{error}")',
        'said = str(error); return said.removeprefix("geo: ")',
        'return error.reason.replace("start", "this")',
        'return any("P38" in note for note in error.notes)',
        'return [reason.startswith("kind ") for reason in found]',
        "return [pattern.match(reason) for pattern in patterns]",
    ):
        handler = f"def f():\n try: pass\n except ValueError as error: {line}"
        assert reading_of_errors(handler), line
    for line in (
        "raise OSError(str(error)) from error",
        'log.warning("not sent: %s", error)',
        'return error.code == "swapped"',
        'return error.reason == "no_consent"',
        "return [reason.code in known for reason in found]",
    ):
        handler = f"def f():\n try: pass\n except ValueError as error: {line}"
        assert not reading_of_errors(handler), line


_FILES = "compares with the times of files, which the file system writes"
#: The modules that read the real clock, and why; everything else is given the time.
CLOCKS = {
    "app/clock.py": "the product's one reader",
    "tests/fixtures/clock.py": "that of the tests, from which the clock of a run is made",
    "app/snapshots/road_networks.py": _FILES,
    "tests/app/snapshots/test_road_networks.py": _FILES,
}
#: The module in which tests wait: for what happens, and not for a time.
WAITING = "tests/fixtures/waiting.py"
_READS = {
    *(f"datetime.{name}" for name in ("now", "utcnow", "today")),
    "date.today",
    *(f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime")),
}
_WAITS = {"time.sleep", "asyncio.sleep", "anyio.sleep", "page.wait_for_timeout",
          # Our policy forbids what it evaluates once it does not hold at once (`until_page`).
          "page.wait_for_function"}  # fmt: skip
_MEASURES = {
    f"time.{name}{unit}"
    for name in ("monotonic", "perf_counter", "process_time", "thread_time")
    for unit in ("", "_ns")
}
_CALLED = _READS | _WAITS | _MEASURES
_NAMED = re.compile(
    "|".join(map(re.escape, ("from time import", "from asyncio import", *sorted(_CALLED))))
)
_ATTRIBUTES = {name.partition(".")[2] for name in _CALLED}


def by_the_clock(tree: ast.AST) -> list[tuple[str, int]]:
    """Give what reads the real clock, waits for a fixed time or measures one, and the line."""
    # To wait for no time lets other tasks go on.
    turns = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and any(isinstance(one, ast.Constant) and one.value == 0 for one in node.args)
    }
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="time" | "asyncio" as module):
                names = [f"{module}.{one.name}" for one in node.names]
            case ast.Attribute(attr=attr) if attr in _ATTRIBUTES:
                # The last two names: datetime.datetime.now, asyncio.sleep.
                names = [".".join(ast.unparse(node).split(".")[-2:])]
            case _:
                continue
        for name in names:
            if name in _READS:
                found.append(("now", node.lineno))
            elif name in _WAITS and id(node) not in turns:
                found.append(("sleep", node.lineno))
            elif name in _MEASURES:
                found.append(("measure", node.lineno))
    return found


def test_nobody_else_reads_the_real_clock():
    readers = {
        name_of(path)
        for path in sources(*PACKAGES, "tests")
        if any(kind == "now" for kind, _ in read_or_waited(path))
    }
    assert readers == set(CLOCKS)


def test_tests_wait_for_what_happens_and_not_for_a_time():
    found = [
        f"{name_of(path)}:{line}"
        for path in sources("tests")
        if name_of(path) != WAITING
        for kind, line in read_or_waited(path)
        if kind == "sleep"
    ]
    assert found == []


def test_no_test_passes_or_fails_by_how_long_something_takes():
    measuring = {
        name_of(path)
        for path in sources("tests")
        if any(kind == "measure" for kind, _ in read_or_waited(path))
    }
    # What a regular expression does can be told by nothing else than the time of its own processor;
    # and people are told how long the run took.
    hostile, told = "tests/geo/imports/readers/test_hostile.py", "tests/fixtures/left_out.py"
    assert measuring == {WAITING, hostile, told}


def read_or_waited(path: Path) -> list[tuple[str, int]]:
    text = path.read_text(encoding="utf-8")
    # Few files name one of them at all, and the others are not worth a parser's time.
    return by_the_clock(ast.parse(text)) if _NAMED.search(text) else []


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_reading_the_clock_and_waiting_are_found():
    source = "import asyncio\ndatetime.datetime.now(UTC)\ndate.today()\nawait asyncio.sleep(0)\n"
    source += "time.sleep(0.1)\nawait asyncio.sleep(delay)\nclock.now()\nnow()\n"
    source += "page.wait_for_timeout(5)\nfield(default_factory=datetime.now)\n"
    source += "from time import monotonic, time\ntime.monotonic()\n"
    assert sorted(by_the_clock(ast.parse(source, mode="exec")), key=lambda one: one[1]) == [
        ("now", 2),
        ("now", 3),
        ("sleep", 5),
        ("sleep", 6),
        ("sleep", 9),
        ("now", 10),
        ("measure", 11),
        ("now", 11),
        ("measure", 12),
    ]
