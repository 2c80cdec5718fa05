"""Public phone numbers for pages: which of them take calls, and which take messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: Types of phone number that take text messages.
_TEXTED = frozenset({"sms", "textphone"})
#: Types of phone number that take no calls.
_UNCALLED = frozenset({"sms", "textphone", "fax", "pager", "whatsapp"})


@dataclass(frozen=True)
class PhoneView:
    """A public phone number, as text and as URIs that a phone opens."""

    number: str
    kind: str
    description: str | None
    call: str | None
    text: str | None
    whatsapp: str | None


def phone_of(phone: Mapping[str, Any]) -> PhoneView:
    """Return a public number with the URIs by which a phone uses the number."""
    number, kind = str(phone["number"]), phone.get("type") or "voice"
    digits = "".join(c for c in number if c.isdigit())
    dialled = f"+{digits}" if number.strip().startswith("+") else digits
    is_whatsapp = kind == "whatsapp" and dialled.startswith("+")
    return PhoneView(
        number=number,
        kind=kind,
        description=phone.get("description"),
        call=f"tel:{dialled}" if digits and kind not in _UNCALLED else None,
        text=f"sms:{dialled}" if digits and kind in _TEXTED else None,
        whatsapp=f"https://wa.me/{digits}" if is_whatsapp else None,
    )


def first_called(phones: Iterable[PhoneView]) -> PhoneView | None:
    """Return the first number that takes calls; None if there is none."""
    return next((one for one in phones if one.call), None)


def first_whatsapp(phones: Iterable[PhoneView]) -> PhoneView | None:
    """Return the first number for WhatsApp messages; None if there is none."""
    return next((one for one in phones if one.whatsapp), None)
