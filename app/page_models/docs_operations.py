"""Tables of the OpenAPI document's operations; those that all collections have are listed once."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

type Part = dict[str, Any]

#: Longest enumeration whose values are listed [A]; for a longer one, the number of values is shown.
_MOST_VALUES: Final = 8


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    kind: str
    text: str
    is_required: bool


@dataclass(frozen=True)
class Operation:
    """One HTTP method of one path."""

    method: str
    path: str
    text: str
    parameters: tuple[Parameter, ...]
    answers: tuple[str, ...]
    statuses: tuple[str, ...]


@dataclass(frozen=True)
class OperationSection:
    """The operations of an OpenAPI document that have the same tag."""

    tag: str
    operations: tuple[Operation, ...]

    @property
    def anchor(self) -> str:
        """Fragment identifier of the section in the page's URL."""
        return self.tag.replace(" ", "-")


def sections(document: Part, collections: Sequence[str]) -> list[OperationSection]:
    """Return the operations of an OpenAPI document, grouped by tag.

    Parameters
    ----------
    document
        An OpenAPI 3.0 document.
    collections
        Ids of the collections, all of which have the same operations.
    """
    named = re.compile(rf"^/(collections|tiles)/({'|'.join(map(re.escape, collections))})(?=/|$)")
    alike: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            alike[named.sub(r"/\1/{collection}", path), method].append(operation)
    found: dict[str, list[Operation]] = defaultdict(list)
    for (path, method), same in alike.items():
        found[same[0]["tags"][0]].append(_operation(document, path, method, same))
    return [OperationSection(tag, tuple(operations)) for tag, operations in sorted(found.items())]


def _operation(document: Part, path: str, method: str, same: Sequence[Part]) -> Operation:
    first = same[0]
    common = set.intersection(*({p["name"] for p in one.get("parameters", ())} for one in same))
    parameters = [_parameter(p) for p in first.get("parameters", ()) if p["name"] in common]
    good: Part = next((r for s, r in first["responses"].items() if s.startswith("2")), {})
    return Operation(
        method.upper(),
        path,
        _text(first) if len(same) == 1 else _shared_text(first),
        (*parameters, *_body(document, first)),
        tuple(good.get("content", ())),
        tuple(first["responses"]),
    )


def _text(operation: Part) -> str:
    """Return an operation's text: the first paragraph of its description, else its summary."""
    text: str = operation.get("description") or operation["summary"]
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def _shared_text(operation: Part) -> str:
    """Return the text of an operation that all collections share."""
    what = operation["summary"].partition(": ")[2]
    return f"{what[:1].upper()}{what[1:]}"


def _parameter(said: Part) -> Parameter:
    return Parameter(
        said["name"],
        said["in"],
        _kind(said["schema"]),
        said.get("description", ""),
        said.get("required", False),
    )


def _body(document: Part, operation: Part) -> Iterable[Parameter]:
    """Yield the members of a JSON request body; for a body without members, its media types."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(document, content.get("schema", {}))
        if "properties" not in schema:
            yield Parameter("body", media_type, _kind(schema), "", is_required=True)
        required = schema.get("required", ())
        for name, said in schema.get("properties", {}).items():
            whole = _resolved(document, said)
            text = said.get("description") or whole.get("description", "")
            text = " ".join(text.split("\n\n")[0].split())
            yield Parameter(name, "body", _kind(whole), text, name in required)


def _resolved(document: Part, schema: Part) -> Part:
    """Return the schema that a reference points to; return any other schema unchanged."""
    options: Sequence[Part] = schema.get("allOf", ())
    named = options[0] if len(options) == 1 else schema
    if "$ref" not in named:
        return schema
    found: Part = document["components"]["schemas"][named["$ref"].rpartition("/")[2]]
    return found


def _kind(schema: Part) -> str:
    if "enum" in schema:
        values = [str(value) for value in schema["enum"]]
        named = len(values) <= _MOST_VALUES
        return f"one of {', '.join(values)}" if named else f"one of {len(values)} values"
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[several]))
    return str(schema.get("format") or schema.get("type", "any"))
