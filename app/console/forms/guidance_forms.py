"""Conversion of guidance forms to the records of contact, channel, product and pathway files."""

from collections.abc import Mapping
from typing import Any

from app.console.forms.inputs import items_in, text_in
from geo.models import Contact

_CONTACT = (
    "kind",
    "name",
    "country",
    "admin1",
    "phone",
    "whatsapp",
    "hours",
    "confirmed_on",
    "expires_on",
    "visibility",
    "source",
    "licence",
)
_CHANNEL = (
    "id",
    "name",
    "medium",
    "operator",
    "address",
    "country",
    "admin1",
    "status",
    "confirmed_on",
    "expires_on",
    "visibility",
    "source",
    "licence",
)
_PRODUCT = (
    "title",
    "language",
    "audience",
    "summary",
    "url",
    "valid_from",
    "valid_to",
    "visibility",
    "source",
    "licence",
)
_PATHWAY = (
    "id",
    "need",
    "country",
    "admin1",
    "title",
    "confirmed_on",
    "visibility",
    "source",
    "licence",
)


def contact_in(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a help line from its form, in the format of a contacts file."""
    return _stated(form, _CONTACT) | {
        "languages": items_in(form, "languages"),
        "independent": form.get("independent") == "true",
    }


def contact_typed(contact: Contact) -> dict[str, Any]:
    """Return the form values of a stored help line."""
    typed = {name: getattr(contact, name) for name in ("id", *_CONTACT)}
    return typed | {
        "languages": ", ".join(contact.languages),
        "independent": "true" if contact.independent else "",
    }


def channel_in(form: Mapping[str, str]) -> dict[str, Any]:
    """Return an information channel from its form, in the format of a channels file."""
    return _stated(form, _CHANNEL) | {"languages": items_in(form, "languages")}


def product_in(form: Mapping[str, str]) -> dict[str, Any]:
    """Return an information product from its form, in the format of a products file."""
    return _stated(form, _PRODUCT) | {"spaces": items_in(form, "spaces")}


def pathway_in(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a pathway from its form, in the format of a pathways file, without empty steps."""
    numbers = sorted(
        int(number)
        for name in form
        if name.startswith("instruction-") and (number := name.rpartition("-")[2]).isdecimal()
    )
    steps = [
        _stated(
            {part: form.get(f"{part}-{n}", "") for part in ("instruction", "contact", "space")},
            ("instruction", "contact", "space"),
        )
        for n in numbers
    ]
    return _stated(form, _PATHWAY) | {"steps": [step for step in steps if step]}


def _stated(form: Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := text_in(form, name)) is not None}
