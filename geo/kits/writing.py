"""Writing of a new kit with every field: filled from shipped data, or named in a comment."""

import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.errors import NotFoundError
from geo.guidance.contacts import ESSENTIAL
from geo.kits.schema import BY_NAME, FORMAT, HEAD, KitField, KitSection
from geo.records import readers

_HEAD: Final = """\
# Country kit of {name}. Made by `amparo kit new {country}`; docs/kits.md says how to go on.
#
# What stands here comes from data that Amparo ships, with its source. What is commented is empty:
# nobody has stated it. Fill it in from a source, take the # away, and leave out what is not known.
#   amparo kit check FILE                      what is wrong, what is empty, what would happen
#   amparo kit load FILE --by YOUR-E-MAIL      what people call or walk to waits for a second person
"""


@dataclass(frozen=True, slots=True)
class KitFacts:
    """Facts about a country from shipped data.

    Attributes
    ----------
    crossings : sequence of mappings
        Rows of the country in the file of crossings.
    timezones : mapping of str to str
        Time zone (IANA name) of the country's nearest town, by id of a crossing.
    units : sequence of (str, str)
        ISO 3166-2 code and name of each first-level unit.
    """

    country: str
    name: str
    crossings: Sequence[Mapping[str, Any]]
    timezones: Mapping[str, str]
    units: Sequence[tuple[str, str]]


def shipped_facts(data: Path, country: str) -> KitFacts:
    """Return the facts about a country from shipped files.

    Parameters
    ----------
    data : Path
        Folder ``data`` of the repository.
    country : str
        ISO 3166-1 alpha-2.

    Raises
    ------
    NotFoundError
        The shipped boundaries have no such country.
    """
    countries = _properties(data / "boundaries" / "admin0.geojson.gz")
    name = next((row["name_es"] for row in countries if row["code"] == country), None)
    if name is None:
        msg = (
            f"no boundary of '{country[:10]}' is shipped: kits are made of countries that have one"
        )
        raise NotFoundError(msg)
    crossings = [
        row
        for row in _csv(data / "spaces" / "crossings.csv")
        if country in {row["country_a"], row["country_b"]}
    ]
    towns = [
        (float(row["lon"]), float(row["lat"]), str(row["timezone"]))
        for row in _csv(data / "boundaries" / "places.csv.gz")
        if row["country"] == country
    ]
    units = sorted(
        (str(row["code"]), str(row["name"]))
        for row in _properties(data / "boundaries" / "admin1.geojson.gz")
        if row["country"] == country and row.get("code") and row.get("name")
    )
    zones = {row["id"]: _zone(float(row["lon"]), float(row["lat"]), towns) for row in crossings}
    return KitFacts(country, str(name), crossings, zones, units)


def _csv(path: Path) -> list[dict[str, Any]]:
    content = readers.read(path.name, path.read_bytes())
    return [dict(record.fields) for record in content.records]


def _properties(path: Path) -> list[Mapping[str, Any]]:
    return [record.fields for record in readers.read(path.name, path.read_bytes()).records]


def _zone(lon: float, lat: float, towns: Iterable[tuple[float, float, str]]) -> str:
    shrunk = math.cos(math.radians(lat))
    return min(
        ((((x - lon) * shrunk) ** 2 + (y - lat) ** 2, zone) for x, y, zone in towns),
        default=(0.0, ""),
    )[1]


def kit_text(facts: KitFacts) -> str:
    """Return a kit as TOML: filled where facts are known, every other field named in a comment."""
    lines = [_HEAD.format(name=facts.name, country=facts.country)]
    known: dict[str, str | int] = {"format": FORMAT, "country": facts.country, "name": facts.name}
    lines += [f"{field.name} = {_toml(known[field.name])}" for field in HEAD]
    lines += _section("crossings")
    for row in facts.crossings:
        lines += ["", "[[crossings]]", *_filled(BY_NAME["crossings"], _typed(row))]
    lines += _section("hours")
    for row in facts.crossings:
        zone = facts.timezones.get(row["id"], "")
        lines += ["", f"# Empty: hours of {row['id']}, {row['name']}"]
        lines += _empty("hours", {"crossing_id": row["id"]} | ({"timezone": zone} if zone else {}))
    lines += _section("contacts")
    for kind in ESSENTIAL:
        lines += ["", f"# Empty: {kind}", *_empty("contacts", {"kind": kind})]
    for name in ("channels", "messages", "holidays", "checklists", "extracts"):
        lines += [*_section(name), "", "# Empty", *_empty(name, {})]
    lines += _section("boundaries")
    for code, name in facts.units:
        lines += ["", f"# Empty: {name}", *_empty("boundaries", {"code": code, "name": name})]
    return "\n".join(lines) + "\n"


def _section(name: str) -> list[str]:
    section = BY_NAME[name]
    lines = ["", "", f"# == {name}: {section.what}.", f"# An entry becomes {section.becomes}."]
    for field in section.fields:
        must = " (needed)" if field.is_needed else ""
        lines.append(f"#   {field.name}{must}: {field.what}")
    return lines


def _filled(section: KitSection, row: Mapping[str, Any]) -> Iterator[str]:
    for field in section.fields:
        if row.get(field.name) is None:
            yield _commented(field)
        else:
            yield f"{field.name} = {_toml(row[field.name])}"


def _empty(name: str, known: Mapping[str, Any]) -> Iterator[str]:
    yield f"# [[{name}]]"
    for field in BY_NAME[name].fields:
        if field.name in known:
            yield f"# {field.name} = {_toml(known[field.name])}"
        else:
            yield _commented(field)


def _commented(field: KitField) -> str:
    return f"# {field.name} =  # such as {field.example}"


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: float(value) if name in {"lon", "lat"} and value is not None else value
        for name, value in row.items()
    }


def _toml(value: str | float) -> str:
    """Return a text or a number as TOML; JSON's strings are TOML's basic strings."""
    return json.dumps(value, ensure_ascii=False)


def documented() -> str:
    """Return the sections and fields as the Markdown of docs/kits.md."""
    out = io.StringIO()
    for section in BY_NAME.values():
        out.write(f"### {section.name}\n\n{section.what[0].upper()}{section.what[1:]}.\n")
        out.write(f"An entry becomes {section.becomes}.\n\n| field | is |\n|---|---|\n")
        for field in section.fields:
            name = f"**`{field.name}`**" if field.is_needed else f"`{field.name}`"
            out.write(f"| {name} | {field.what} |\n")
        out.write("\n")
    return out.getvalue()
