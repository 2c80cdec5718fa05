"""README and docs: short, linked, complete, and every command in them runs."""

import os
import re
import shlex
import shutil
import subprocess
from datetime import time
from functools import cache

import openpyxl
import osmium
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from app.cli import app as amparo
from app.main import create_app
from app.settings import Settings
from geo.imports.mapping import parse_mapping
from tests.conftest import ROOT
from tests.fixtures import house, shared_data
from tests.fixtures.examples import is_long
from tests.fixtures.leak_operations import operations
from tests.fixtures.osm_file import streets
from tests.fixtures.osm_servers import osm_servers

DOCS = ROOT / "docs"
IMPORTS = DOCS / "imports.md"
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")

#: Commands of fenced blocks that no test of this file runs, by their beginning, and why.
NOT_RUN = {
    "./run test": "runs these tests; `tests/test_run.py` has its shell",
    "./run": "serves until it is stopped; `tests/test_run.py` has its shell, `served` the server",
    "AMPARO_PORT=8080 AMPARO_WORKERS=2 ./run": "serves until it is stopped",
    "curl -s http://127.0.0.1:8000/routes -H 'Content-Type: application/json' -o route.geojson": (
        "asks for imported streets: `tests/browser/test_own_roads.py` runs it"
    ),
    "podman build": "needs a builder of images and the network",
    "podman run": "needs an image and serves until it is stopped",
}

_FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|<(?:img|a)[^>]* (?:src|href)=\"([^\"]+)\"")
_CODE = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"^(?:app|geo|routing|tiles|tests|benchmarks)/[a-z0-9_/]+\.\w+")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path):
    return path.read_text(encoding="utf-8")


def commands_of(path):
    """Return the commands of a page's fenced blocks, each as it is typed, comments left out."""
    found = []
    for block in _FENCED.findall(text_of(path)):
        typed = ""
        for line in block.splitlines():
            typed += line + "\n"
            if line.endswith("\\"):
                continue
            try:
                words = shlex.split(typed, comments=True)
            except ValueError:  # a quotation that goes on
                continue
            found += [typed.strip()] if words else []
            typed = ""
        assert not typed, f"{name_of(path)}: a command that does not end: {typed}"
    return found


COMMANDS = [(page, command) for page in PAGES for command in commands_of(page)]


def begins(command, start):
    words, wanted = shlex.split(command, comments=True), shlex.split(start)
    return words == wanted or (words[: len(wanted)] == wanted and start != "./run")


def is_for(command, program):
    return shlex.split(command, comments=True)[0] == program


def is_amparo(command):
    return begins(command, "./run amparo")


CURLS = [
    command
    for command in dict.fromkeys(command for _, command in COMMANDS)
    if is_for(command, "curl") and not any(begins(command, start) for start in NOT_RUN)
]


# -- length and links ----------------------------------------------------------------------


def test_the_readme_is_short():
    assert README.count("\n") <= 180


def test_the_readme_names_every_room():
    named = set(re.findall(r"`((?:app|geo|routing|tiles)/[a-z_0-9]+)`", README))
    inner = {"/".join(folder.split("/")[:2]) for folder in house.rooms(house.modules())}
    assert named == {room for room in inner if "/" in room}


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\]\((docs/[^)#]+)", README))
    pages = {name_of(page) for page in PAGES[1:] if page not in DECISIONS}
    assert pages <= linked


@cache
def anchors_of(path):
    """Return the anchors of a page's headings, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page):
    for address in filter(None, (one for found in _LINK.findall(text_of(page)) for one in found)):
        if re.match(r"https?:|mailto:", address):
            continue
        target, _, anchor = address.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), address
        if anchor and path.suffix == ".md":
            assert anchor in anchors_of(path), address


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_and_modules_that_are_named_exist(page):
    for code in _CODE.findall(text_of(page)):
        for path in _FILE.findall(code):
            assert (ROOT / path).is_file(), path
        for module in re.findall(r"^python -m ([\w.]+)$", code):
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module


# -- commands ------------------------------------------------------------------------------


def test_every_command_is_run_or_says_why_not():
    for page, command in COMMANDS:
        reasons = [start for start in NOT_RUN if begins(command, start)]
        runnable = is_amparo(command) or command in CURLS or is_for(command, "ogrinfo")
        assert runnable != bool(reasons), f"{name_of(page)}: {command}"
    unused = [s for s in NOT_RUN if not any(begins(command, s) for _, command in COMMANDS)]
    assert unused == []


@pytest.mark.parametrize(
    "command",
    CURLS,
)
def test_every_curl_is_answered(live_server, tmp_path, command):
    address = "http://127.0.0.1:8000"
    assert address in command
    done = subprocess.run(
        ["sh", "-c", command.replace(address, live_server) + " -o answer -w '%{http_code}'"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer = (tmp_path / "answer").read_text(encoding="utf-8")
    assert done.stdout == "200", answer
    assert answer


def test_gdal_reads_as_the_page_says(live_server):
    (command,) = {command for _, command in COMMANDS if is_for(command, "ogrinfo")}
    if shutil.which("ogrinfo") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("ogrinfo is missing, and CI must not skip its commands")
        pytest.skip("ogrinfo is not installed; ./run --setup-only installs it")
    done = subprocess.run(
        shlex.split(command.replace("http://127.0.0.1:8000", live_server)),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "spaces" in done.stdout


def workbook(path):
    """Write a workbook of one real space, as a partner has it."""
    book = openpyxl.Workbook()
    columns = {
        "id": "N-1", "name": "Casa de paso", "kind": "support_space", "organization": "Ejemplo",
        "lat": 7.9, "lon": -72.5, "country": "CO", "timezone": "America/Bogota",
        "confirmed_on": "2026-11-20", "visibility": "public", "source": "ejemplo",
    }  # fmt: skip
    book.active.append(list(columns))
    book.active.append(list(columns.values()))
    book.save(path)


def extract(path, tmp_path):
    """Write an extract of a few streets as PBF."""
    plain = streets(tmp_path / "streets.osm", 3)
    with osmium.SimpleWriter(str(path)) as writer:
        for found in osmium.FileProcessor(str(plain)):
            writer.add(found)


@pytest.fixture
def typed(loaded_clone, settings_for, tmp_path, monkeypatch):
    """Give a function that runs `./run amparo …` as typed, in a folder with the files it names."""
    settings = settings_for(loaded_clone)
    home = tmp_path / "home"
    home.mkdir()
    # By this key the database knows what is Amparo's own.
    shutil.copy(settings.home / "audit.key", home)
    monkeypatch.setenv("AMPARO_HOME", str(home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.chdir(tmp_path)
    spaces = re.search(
        r"^```geojson ejemplo_spaces.geojson\n(.*?)^```$",
        text_of(DOCS / "formats.md"),
        re.MULTILINE | re.DOTALL,
    )[1]
    other = spaces.replace("ejemplo-espacio-1", "ejemplo-espacio-3")
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "FOLDER" / "b_spaces.geojson").write_text(other, encoding="utf-8")
    (tmp_path / "my-spaces.geojson").write_text(spaces, encoding="utf-8")
    workbook(tmp_path / "matriz.xlsx")
    extract(tmp_path / "region.osm.pbf", tmp_path)
    (tmp_path / "tests").symlink_to(ROOT / "tests")

    def call(command):
        words = shlex.split(command.replace("FILE…", "my-spaces.geojson"), comments=True)
        return CliRunner().invoke(amparo, words[2:])

    with osm_servers(streets(tmp_path / "cucuta.osm", 3, corner=(-72.5, 7.9))) as servers:
        servers.country = "CO"
        servers.places["Cúcuta, Colombia"] = (-72.51, 7.89, -72.49, 7.91)
        for name, value in servers.environment.items():
            monkeypatch.setenv(name, value)
        # osmnx waits a second before it asks; of this machine's own server nobody has to.
        from osmnx import _nominatim

        monkeypatch.setattr(_nominatim.time, "sleep", lambda _: None)
        # The first zooms are drawn as all are (tests/tiles/features/test_basemap.py).
        monkeypatch.setattr("tiles.features.basemap.LAST_ZOOM", 4)
        yield call


def test_the_commands_of_amparo_run_as_they_are_typed(typed):
    first = DOCS / "operations.md"
    # Real rows come where the fictitious ones have gone.
    pages = sorted((page for page in PAGES if page != IMPORTS), key=lambda page: page != first)
    commands = [one for page in pages for one in commands_of(page) if is_amparo(one)]
    assert begins(commands[0], "./run amparo demo remove")
    # What two pages say in the same words, but for the comment behind them, is typed once.
    once = {tuple(shlex.split(command, comments=True)): command for command in commands}
    for command in once.values():
        # The place by its name stands for all three: `tests/app/cli/test_roads_fetch.py`.
        if begins(command, "./run amparo roads fetch") and " --" in command and not is_long():
            continue
        done = typed(command)
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"


def test_the_matrix_becomes_spaces_as_the_page_says(typed, tmp_path):
    """docs/imports.md, from the file to what the public sees."""
    for name in ("espacios.csv", "espacios.toml"):
        to = "corregido.toml" if name.endswith("toml") else name
        shutil.copy(DOCS / "matrix" / name, tmp_path / to)
    suggest, check, look, write, export = commands_of(IMPORTS)
    proposed = typed(suggest)
    assert proposed.exit_code == 0, proposed.output
    for note in ("'Ropero comunitario'", "country is in no column", "Notas internas"):
        assert note in proposed.output
    suggested = parse_mapping((tmp_path / "espacios.toml").read_bytes())
    corrected = parse_mapping((tmp_path / "corregido.toml").read_bytes())
    assert suggested.fields == corrected.fields
    assert len(suggested.columns()) == 14
    assert "14 fields" in typed(check).stdout
    looked = typed(look)
    assert looked.exit_code == 1
    report = (tmp_path / "informe.csv").read_text(encoding="utf-8-sig")
    states = dict(re.findall(r"^\d+,ejemplo-demo-(\w+-\w+)[\w-]*,(\w+),", report, re.MULTILINE))
    assert states == dict.fromkeys(
        ("casa-del", "comedor-san", "punto-la", "casa-nueva", "ropero-el", "albergue-el",
         "refugio-para"), "new"
    ) | {"puesto-de": "bad"}  # fmt: skip
    for words in (
        "lies outside CO",
        "latitude and longitude are exchanged",
        "hours are left out",
        "is protected: restricted",
        "rows of sums, left out: 12",
    ):
        assert words in report + looked.output, report + looked.output
    assert "7 spaces added" in typed(write).stdout
    assert typed(export).exit_code == 0
    public = (tmp_path / "publico.csv").read_text(encoding="utf-8-sig")
    assert len(set(re.findall(r"ejemplo-demo-[\w-]+", public))) == 6
    assert "refugio" not in public


@cache
def options_of(words):
    """Return the options of a command by its words, and how many words name it; None if absent."""
    command, used = get_command(amparo), 0
    for word in words:
        children = getattr(command, "commands", None)
        if children is None:
            break
        if word not in children:
            return None
        command, used = children[word], used + 1
    flags = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    return frozenset({*flags, "--help"}), used


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_within_sentences_exist(page):
    typed = [*_CODE.findall(text_of(page)), *(command for command in commands_of(page))]
    for command in typed:
        if not re.match(r"(\./run )?amparo [a-z]", command):
            continue
        words = command.removeprefix("./run ").removeprefix("amparo ").split()
        named = [word for word in words if re.fullmatch(r"[a-z-]+", word)]
        found = options_of(tuple(named[:3]))
        assert found is not None, command
        assert {word for word in words if word.startswith("--")} <= found[0], command


def test_the_readme_shows_what_ci_runs():
    script, ci = text_of(ROOT / "run"), text_of(ROOT / ".ci" / "run")
    operations = text_of(DOCS / "operations.md")
    for command in ("--setup-only", "test", "lint", "bench", "amparo"):
        assert f"./run {command}" in README
        assert f"./run {command}" in operations
        assert command in script
    for command in ("./run --setup-only", "./run lint", "./run test"):
        assert command in ci


def test_benchmarks_that_are_named_exist():
    there = {path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py")}
    table = text_of(DOCS / "operations.md").split("## Benchmarks")[1].split("\n## ")[0]
    named = set(re.findall(r"^\| `(\w+)", table, re.MULTILINE))
    named |= {name for page in PAGES for name in re.findall(r"\./run bench (\w+)", text_of(page))}
    assert len(named) > 15
    assert named - {"NAME"} <= there


# -- settings ------------------------------------------------------------------------------


def test_every_setting_is_documented_with_its_default():
    rows = dict(
        re.findall(r"^\| `(AMPARO_\w+)` \| (.+?) \|", text_of(DOCS / "settings.md"), re.MULTILINE)
    )
    assert set(rows) == {f"AMPARO_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        assert field.description, name
        written, default = rows[f"AMPARO_{name.upper()}"], field.get_default()
        if isinstance(default, bool):
            assert written == f"`{default}`".lower(), name
        elif isinstance(default, int | float):
            assert float(written.strip("`")) == default, name
        elif default in {None, ""}:
            assert not re.fullmatch(r"`\d+`", written), name
        elif name != "home":  # another one for root
            shown = default.isoformat("minutes") if isinstance(default, time) else default
            assert written == f"`{shown}`", name


def test_settings_within_sentences_exist():
    known = {f"AMPARO_{name.upper()}" for name in Settings.model_fields} | {shared_data.VARIABLE}
    for page in PAGES:
        named = set(re.findall(r"AMPARO_[A-Z_]+[A-Z]", text_of(page)))
        assert named <= known, name_of(page)


# -- the API -------------------------------------------------------------------------------


def paths_of(page):
    """Return the addresses that the tables of a page name, queries and wild cards left out."""
    cells = re.findall(r"^\| (`.+?) \|", text_of(page), re.MULTILINE)
    named = {part for cell in cells for code in _CODE.findall(cell) for part in code.split()}
    return {re.sub(r"\{\w+(,\w+)*\}", "{}", one.split("?")[0]) for one in named if one[0] == "/"}


def pattern(path):
    """Return what matches the addresses of a documented path: a wild card is one part."""
    return re.compile(re.escape(path).replace(r"\{\}", "[^/]+"))


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    return create_app(Settings(home=tmp_path_factory.mktemp("home")))


def test_every_operation_is_documented(application):
    there = {re.sub(r"\{\w+\}", "{}", path) for path in application.openapi()["paths"]}
    assert len(there) > 100
    patterns = [pattern(path) for path in paths_of(DOCS / "api.md")]
    missing = {path for path in there if not any(one.fullmatch(path) for one in patterns)}
    assert missing == set()


def test_every_address_that_is_documented_exists(application):
    there = [re.sub(r"\{\w+\}", "{}", one.template) for one in operations(application)]
    documented = paths_of(DOCS / "api.md")
    assert len(documented) > 80
    absent = {path for path in documented if not any(map(pattern(path).fullmatch, there))}
    assert absent == set()


# -- rules and decisions -------------------------------------------------------------------


# Each begins with letters, which are looked for quickly in megabytes of data.
_RULE = re.compile(r"P(?<![\w.-]P)([1-9]\d?)(?![\w.-]|\d)")
_TEST_OF_RULE = re.compile(r"test_p(\d+)_")
_DECISION = re.compile(r"ecision(?<=\b[Dd]ecision)s? (\d+)\b")


@cache
def cited():
    """Return where each rule P… and each decision is cited in code, tests and pages."""
    rules, decisions = {}, {}
    folders = ("app", "geo", "routing", "tiles", "alembic", "tests", "benchmarks", "docs", "data")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    kinds = {".py", ".md", ".js", ".mjs", ".html", ".css", ".csv", ".sql", ".toml"}
    for path in [*files, README_PATH, ROOT / "CHANGELOG.md"]:
        if path.suffix not in kinds or not path.is_file():
            continue
        found = path.read_text(encoding="utf-8", errors="replace")
        for number in (*_RULE.findall(found), *_TEST_OF_RULE.findall(found)):
            rules.setdefault(int(number), path)
        for number in _DECISION.findall(found):
            decisions.setdefault(int(number), path)
    return rules, decisions


README_PATH = PAGES[0]


def test_every_rule_that_is_cited_has_its_row():
    rows = re.findall(
        r"^\| \*\*P(\d+)\*\* \| .{20,} \|$", text_of(DOCS / "protection.md"), re.MULTILINE
    )
    assert [int(number) for number in rows] == list(range(1, 57))
    rules, _ = cited()
    assert len(rules) > 50
    assert {number: path for number, path in rules.items() if not 1 <= number <= 56} == {}
    assert "**[A]**" in text_of(DOCS / "protection.md")


def test_every_decision_that_is_cited_exists():
    _, decisions = cited()
    there = {int(path.name[:3]) for path in DECISIONS}
    assert set(range(1, 61)) <= there
    assert set(decisions) <= there


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_short_and_says_the_four_things(page):
    written = text_of(page)
    assert written.count("\n") <= 25
    assert written.startswith(f"# {int(page.name[:3])}. ")
    parts = re.findall(r"^\*\*(\w+)\.\*\* ", written, re.MULTILINE)
    assert parts == ["Context", "Decision", "Figure", "Rejected"]


def test_the_index_has_every_decision():
    index = text_of(DOCS / "decisions" / "README.md")
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", index, re.MULTILINE)
    titles = [(path.name, text_of(path).splitlines()[0]) for path in DECISIONS]
    assert [(name, f"# {number}. {title}") for number, title, name in listed] == titles
