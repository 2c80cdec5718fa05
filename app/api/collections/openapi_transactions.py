"""OpenAPI operations that change items, which `transactions` implements.

The properties are the record's fields with their notes (`geo.records.space_rows`); values are
validated there, with an error for each field.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.api.collections.links import GEOJSON, JSON, MERGE_PATCH
from geo.proposals.submission import MAX_REASON
from geo.records.space_documents import FIELD_NOTES
from geo.subjects.crossing_statements import CROSSING_FIELDS
from tiles.crs import SUPPORTED

type Part = dict[str, Any]

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

_WORDS: Final = {
    "400": "Wrong; `errors` names each property.",
    "401": "No token of scope `edit`.",
    "403": "Not for this person.",
    "404": "No such item, or none that the asker may see.",
    "409": "The record changed meanwhile, or the id is taken.",
    "412": "`If-Match` names no entity tag that the item has now.",
    "413": "The body is too large.",
    "415": "The body is of another media type.",
    "428": "`If-Match` is missing.",
    "429": "Too Many Requests",
    "503": "Service Unavailable",
}

_QUEUED: Final = (
    "Some of it waits for a second person: `waiting_fields`; `applied_fields` hold already. "
    "`Location` is the proposal."
)
_CLOSING: Final = (
    "It is closed at once, and shown as closed until its confirmation expires: `expires_on`."
)


def operations() -> dict[str, dict[str, Part]]:
    """Return the OpenAPI operations that change items, by path and method."""
    spaces, crossings = "/collections/spaces/items", "/collections/crossings/items/{item}"
    fields = {name: note for name, note in FIELD_NOTES.items() if name not in {"id", "lon", "lat"}}
    words = dict.fromkeys(CROSSING_FIELDS, "As in the item's `statuses`.")
    whole, patch = _feature(fields, is_whole=True), _feature(fields, is_whole=False)
    said = {
        name: one for name, one in _feature(words, is_whole=False).items() if name != "geometry"
    }
    return {
        spaces: {
            "post": _operation(
                "Propose a new space; nothing is added before a second person agrees.",
                {"202": _QUEUED},
                _body(whole, GEOJSON, JSON),
                [_CONTENT_CRS],
            )
        },
        f"{spaces}/{{item}}": {
            "put": _operation(
                "Make a space what a feature states. What no item shows, such as its visibility, "
                "stays unless it is stated; what is stated as the item shows it stays too.",
                {**_DONE, "202": _QUEUED},
                _body(whole, GEOJSON, JSON),
                [_ITEM, _IF_MATCH, _CONTENT_CRS, _PREFER],
            ),
            "patch": _operation(
                "Change some fields of a space (RFC 7396); null clears one.",
                {**_DONE, "202": _QUEUED},
                _body(patch, MERGE_PATCH),
                [_ITEM, _IF_MATCH, _CONTENT_CRS, _PREFER],
            ),
            "delete": _operation("Close a space.", {"202": _CLOSING}, None, [_ITEM, _IF_MATCH]),
        },
        crossings: {
            "patch": _operation(
                "State anew whether a crossing is open, from one day on: a whole statement. Closed "
                "and not known hold at once.",
                {**_DONE, "202": _QUEUED},
                _body(said, MERGE_PATCH),
                [_ITEM, _IF_MATCH, _PREFER],
            )
        },
    }


def _operation(
    summary: str, answers: Mapping[str, str], body: Part | None, parameters: list[Part]
) -> Part:
    problems = set(_WORDS)
    problems -= {"413", "415"} if body is None else set()
    problems -= set() if _IF_MATCH in parameters else {"404", "412", "428"}
    return {
        "tags": ["features"],
        "summary": summary,
        "security": [{"token": []}],
        "parameters": parameters,
        **({} if body is None else {"requestBody": body}),
        "responses": {
            **{status: _answer(status, words) for status, words in sorted(answers.items())},
            **{
                status: {"description": _WORDS[status], "content": _PROBLEM}
                for status in sorted(problems)
            },
        },
    }


def _answer(status: str, words: str) -> Part:
    said: Part = {"description": words}
    media_type = {"200": GEOJSON, "202": JSON}.get(status)
    if media_type is not None:
        said["content"] = {media_type: {"schema": {"type": "object"}}}
    return said


def _body(members: Part, *media_types: str) -> Part:
    schema: Part = {"type": "object", "properties": members}
    if MERGE_PATCH not in media_types:
        schema["required"] = ["type", "geometry", "properties"]
    return {"required": True, "content": {one: {"schema": schema} for one in media_types}}


def _feature(fields: Mapping[str, str], *, is_whole: bool) -> Part:
    properties = {name: {"description": note} for name, note in fields.items()}
    return {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {
            "type": "string",
            "description": "Of a new space, where it is to have a certain one."
            if is_whole
            else "None but the item's own.",
        },
        "geometry": {
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": {"type": "string", "enum": ["Point"]},
                "coordinates": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
                    "items": {"type": "number"},
                },
            },
        },
        "properties": {"type": "object", "properties": properties},
        "reason": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_REASON,
            "description": "Why; staff read it.",
        },
    }


def _header(name: str, description: str, schema: Part, *, is_required: bool = False) -> Part:
    return {
        "name": name,
        "in": "header",
        "required": is_required,
        "schema": schema,
        "description": description,
    }


_DONE: Final = {
    "200": "All of it holds; the item, as `Prefer` asks for.",
    "204": "All of it holds.",
}
_ITEM: Final = {
    "name": "item",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "Id of a feature.",
}
_IF_MATCH: Final = _header(
    "If-Match",
    "The `ETag` of the item's address without parameters, as the same token reads it.",
    {"type": "string"},
    is_required=True,
)
_CONTENT_CRS: Final = _header(
    "Content-Crs",
    "Reference system of the body's coordinates, in angle brackets; CRS84 without.",
    {"type": "string", "enum": [f"<{crs.uri}>" for crs in SUPPORTED]},
)
_PREFER: Final = _header(
    "Prefer",
    "Whether the item comes back.",
    {"type": "string", "enum": ["return=minimal", "return=representation"]},
)
