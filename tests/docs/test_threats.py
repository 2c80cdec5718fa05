"""The page of who could do harm (docs/threats.md) names tests that exist, and every rule."""

import ast
import re
from functools import cache

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")

#: Whom issue and review ask about: each has a section of the page.
ADVERSARIES = (
    "Smuggler",
    "Abuser",
    "Armed group",
    "Curious partner",
    "Stolen laptop",
    "Coerced editor",
    "Bored teenager with a script",
)

_SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions_of(path):
    """Return the names of the test functions of a file, read and not run."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def rules_in(text):
    """Return the numbers of the rules that a text names; ranges (P17 to P21) count whole."""
    numbers = {int(one) for one in re.findall(r"\bP(\d+)\b", text)}
    for first, last in re.findall(r"\bP(\d+) to P(\d+)\b", text):
        numbers.update(range(int(first), int(last) + 1))
    return numbers


def defences(section):
    """Return the points of a section's list, each with the lines that belong to it."""
    return re.findall(r"^- .*\n(?:  .*\n)*", section, re.MULTILINE)


def test_every_test_that_is_named_exists():
    named = _TEST.findall(PAGE)
    assert len(named) > 100
    missing = [f"{path}::{name}" for path, name in named if name not in functions_of(path)]
    assert not missing


@pytest.mark.parametrize("who", ADVERSARIES)
def test_each_adversary_has_wishes_defences_and_what_is_accepted(who):
    section = _SECTIONS[who]
    assert re.search(r"\b[Ww]ants?\b|\bLooks for\b", section.split("\nStops ")[0])
    assert "\nAccepted: " in section
    assert len(defences(section)) >= 4


def test_every_defence_is_shown_by_a_test():
    unshown = [
        point
        for section in _SECTIONS.values()
        for point in defences(section)
        if "::test_" not in point
    ]
    assert not unshown


def test_every_rule_has_a_place_on_the_page():
    """The rules are those that tests anywhere are named after: a new one comes to the page too."""
    held = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for name in functions_of(file.relative_to(ROOT).as_posix()):
            held |= {int(one) for one in re.findall(r"(?<=_)p(\d+)(?=_)", name)}
    assert max(held) >= 56
    sections = [text for title, text in _SECTIONS.items() if "no adversary" not in title]
    against = {rule for text in sections for point in defences(text) for rule in rules_in(point)}
    apart = rules_in(_SECTIONS["Rules about no adversary"])
    assert held - against - apart == set(), "neither against anybody nor said to be about nobody"
    assert apart & against == set(), "said to be about nobody, and against somebody"
