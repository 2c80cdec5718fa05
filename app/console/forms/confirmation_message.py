"""Message that asks an operator to reconfirm a space, ready to send (P41)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from app.texts import confirmation_text
from geo.accounts.permissions import Actor
from geo.confirmations import answers
from geo.errors import InvalidRecordError
from geo.models import CHANNELS
from geo.reasons import CodedReason
from geo.subjects.subject import read_subject

#: Channels by which a link is sent; other channels, such as visits, need no message.
SENDING = ("whatsapp", "sms", "email")


@dataclass(frozen=True)
class ConfirmationMessage:
    """A message with its link, and a URI that opens the message in the sender's app."""

    space_id: str
    channel: str
    text: str
    open_url: str
    expires_at: datetime


async def make_message(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    channel: str,
    *,
    base_url: str,
    now: datetime,
    days: int,
) -> ConfirmationMessage:
    """Issue a reconfirmation link and write the message that contains the link (writer session).

    The link is not stored, so it can be shown only once.

    Raises
    ------
    NotFoundError, ForbiddenError, InvalidRecordError
        As in `geo.confirmations.answers.issue_link`.
    """
    if channel not in SENDING:
        raise InvalidRecordError([("channel", CodedReason("not_one_of", choices=CHANNELS))])
    issued = await answers.issue_link(session, space_id, channel, actor, now=now, days=days)
    number, lang = None, "es"
    if issued.space_name is not None:
        # A restricted space has no name here, and its phone number must not be in a URI either.
        document = (await read_subject(session, "space", space_id)).document or {}
        number = _number(document.get("public_phones") or [], channel)
        lang = "pt" if document.get("country") == "BR" else "es"
    url = f"{base_url}/confirm/{issued.token}"
    until = f"{issued.expires_at:%d/%m/%Y}"
    if channel == "sms":
        text = confirmation_text.sms_text(url, issued.space_name, lang)
        open_url = f"sms:{number or ''}?body={quote(text, safe='')}"
    else:
        text = confirmation_text.long_text(url, issued.space_name, until, lang)
        open_url = (
            confirmation_text.whatsapp_url(text, number)
            if channel == "whatsapp"
            else f"mailto:?subject=Amparo&body={quote(text, safe='')}"
        )
    return ConfirmationMessage(space_id, channel, text, open_url, issued.expires_at)


def _number(phones: list[str | dict[str, str]], channel: str) -> str | None:
    """Return the international phone number to which a channel sends, or None.

    The first number of the channel's type is taken, or else the first number of all.
    """
    listed = [p if isinstance(p, dict) else {"number": p, "type": "voice"} for p in phones]
    fitting = [p for p in listed if p["type"] == channel] or listed
    digits = "".join(c for c in fitting[0]["number"] if c.isdigit()) if fitting else ""
    return f"+{digits}" if digits and fitting[0]["number"].strip().startswith("+") else None
