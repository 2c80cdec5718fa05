"""Delivery of notifications: e-mail by SMTP, and webhooks by signed HTTPS requests.

A further channel is another `Sender`. Errors are logged by class only, because their messages may
hold addresses.
"""

import asyncio
import hmac
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx
import orjson

from app.clock import Clock
from app.runtime.background import every, running
from app.runtime.logs import NOTICES
from app.settings import Settings, is_loopback
from app.texts.notification_text import text_of
from geo.accounts import outbox
from geo.accounts.outbox import ClaimedMessage
from geo.db.sessions import Database, Tier

#: Maximum duration of an attempt to deliver a message, seconds; well below the time for which a
#: process claims the message (`geo.accounts.outbox.LEASE`).
ATTEMPT_S = 15.0

#: Seconds between two checks of the outbox.
INTERVAL_S = 5.0

_LARGE_PORT = {"smtp": 587, "smtps": 465}
_GONE = 410

#: IPv6 networks whose addresses embed an IPv4 address, each with the number of bits right of the
#: embedded address: translators (RFC 6052, 2.1; RFC 2765, 2.1), IPv4-compatible addresses (RFC
#: 4291, 2.5.5.1), 6to4 (RFC 3056, 2). A router on the way may send packets to the embedded address,
#: so the embedded address has to be public too.
_TRANSLATED = (
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)


class Sender(Protocol):
    """Deliverer of the messages of one channel, such as e-mail."""

    async def send(self, message: ClaimedMessage) -> None:
        """Deliver one message; any exception means that the message did not arrive.

        Raises
        ------
        UndeliverableError
            The message can never arrive; the delivery is not tried again.
        """


class UndeliverableError(Exception):
    """The message can never be delivered: it has no recipient, or its address is not allowed."""


class EmailSender:
    """Sender of e-mail through one SMTP server.

    Parameters
    ----------
    url : str
        ``smtp://user:password@host:port`` (TLS by STARTTLS, mandatory unless the host is this
        machine) or ``smtps://…`` (TLS from the start).
    sender : str
        Address in the From header.
    base_url : str or None
        Public base URL, for links to the console.
    anchor_to : str or None
        Address that receives the anchors of the audit log.
    """

    def __init__(
        self, url: str, sender: str, base_url: str | None, anchor_to: str | None = None
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _LARGE_PORT[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._start_tls = None if is_loopback(self._host) else not self._tls
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._base_url = base_url
        self._anchor_to = anchor_to

    async def send(self, message: ClaimedMessage) -> None:
        """Deliver one message by e-mail."""
        to = self._anchor_to if message.event == outbox.ANCHOR_EVENT else message.address
        if to is None:
            raise UndeliverableError
        await aiosmtplib.send(
            self._written(message, to),
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._tls,
            start_tls=self._start_tls,
            timeout=ATTEMPT_S,
        )

    def _written(self, message: ClaimedMessage, address: str) -> EmailMessage:
        subject, body = text_of(message.event, message.payload, message.language, self._base_url)
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = address
        mail["Subject"] = subject
        mail["Date"] = format_datetime(message.created_at)
        # The Message-ID is equal at each attempt, so that mailboxes show repeated deliveries once.
        mail["Message-ID"] = f"<{message.id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body)
        return mail


class WebhookSender:
    """Sender of signed JSON to webhooks.

    The header ``Amparo-Signature`` is ``v1=`` and the hexadecimal HMAC-SHA256, by the webhook's
    key, of ``Amparo-Timestamp``, a full stop and the body. Redirects are not followed; response
    bodies are not read.

    Parameters
    ----------
    allow_private : bool
        Whether webhooks may have addresses of this machine (also without TLS) and of its private
        networks. By default such addresses are refused, so that a webhook cannot reach servers
        behind the firewall.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        # Ignore proxies and .netrc of the environment, so that the request goes to the address that
        # was checked. Keep no connections open: a connection opened for another host name at the
        # same address has not been checked for this host name.
        self._client = httpx.AsyncClient(
            timeout=ATTEMPT_S,
            follow_redirects=False,
            trust_env=False,
            verify=_certificates(),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._client.aclose()

    async def send(self, message: ClaimedMessage) -> None:
        """Deliver one message to its webhook."""
        if message.address is None or message.key is None:
            raise UndeliverableError
        url = httpx.URL(message.address)
        checked = await self._checked(url)
        body = orjson.dumps(
            {
                "id": message.id,
                "event": message.event,
                "created_at": message.created_at,
                "data": message.payload,
            }
        )
        timestamp = str(int(message.created_at.timestamp()))
        request = self._client.build_request(
            "POST",
            # Use the checked address, because a second DNS look-up could return another address.
            url.copy_with(host=str(checked)),
            content=body,
            headers={
                "Host": url.netloc.decode("ascii"),
                "Content-Type": "application/json",
                "User-Agent": "amparo",
                "Amparo-Event": message.event,
                "Amparo-Delivery": message.id,
                "Amparo-Timestamp": timestamp,
                "Amparo-Signature": sign(message.key, timestamp, body),
            },
            extensions={"sni_hostname": url.host},
        )
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        if answer.status_code == _GONE:
            raise UndeliverableError
        if not answer.is_success:
            raise httpx.HTTPStatusError("refused", request=request, response=answer)

    async def _checked(self, url: httpx.URL) -> IPv4Address | IPv6Address:
        """Return an IP address of the URL's host; refuse a host with an address not allowed."""
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise UndeliverableError
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [_plain(str(entry[4][0])) for entry in found]
        for address in addresses:
            if not self._allow_private and not _is_public(address):
                raise UndeliverableError
            if url.scheme == "http" and not address.is_loopback:
                raise UndeliverableError
        return addresses[0]


def sign(key: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of a webhook's body; the receiver computes the same for comparison."""
    return f"v1={hmac.digest(key, timestamp.encode() + b'.' + body, 'sha256').hex()}"


def _plain(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        # Site-local addresses are deprecated (RFC 3879), but some networks still route them.
        if address.is_site_local:
            return False
        for network, after in _TRANSLATED:
            if address in network:
                return _is_public(IPv4Address((int(address) >> after) & 0xFFFF_FFFF))
    return address.is_global and not address.is_multicast


@cache
def _certificates() -> ssl.SSLContext:
    # Cached, because reading the trusted certificates takes twenty milliseconds.
    return ssl.create_default_context()


# -- delivering --------------------------------------------------------------------------------


async def deliver_due(
    database: Database, senders: Mapping[str, Sender], clock: Clock, *, limit: int = 20
) -> tuple[int, int]:
    """Send the messages that are due; return the numbers of arrived and of failed messages.

    Several processes may call the function at once: each message is claimed by only one of them.
    """
    async with database.session(Tier.WRITER) as session:
        messages = await outbox.claim(session, clock(), channels=sorted(senders), limit=limit)
    errors = await asyncio.gather(*(_attempt(senders[m.channel], m) for m in messages))
    async with database.session(Tier.WRITER) as session:
        for message, error in zip(messages, errors, strict=True):
            if error is None:
                await outbox.mark_sent(session, message, clock())
                continue
            name = type(error).__name__
            NOTICES.warning("%s %s: %s", message.channel, message.id, name)
            await outbox.mark_failed(
                session,
                message,
                clock(),
                error=name,
                final=isinstance(error, UndeliverableError),
            )
    failed = sum(error is not None for error in errors)
    return len(messages) - failed, failed


async def _attempt(sender: Sender, message: ClaimedMessage) -> Exception | None:
    try:
        async with asyncio.timeout(ATTEMPT_S):
            await sender.send(message)
    except Exception as error:
        return error
    return None


@asynccontextmanager
async def senders_of(settings: Settings) -> AsyncIterator[Mapping[str, Sender]]:
    """Open the senders that the settings configure; without an SMTP server e-mails stay queued."""
    webhooks = WebhookSender(allow_private=settings.webhook_allow_private)
    senders: dict[str, Sender] = {"webhook": webhooks}
    if settings.smtp_url is not None and settings.mail_from is not None:
        base = None if settings.public_url is None else str(settings.public_url).rstrip("/")
        senders["email"] = EmailSender(
            settings.smtp_url.get_secret_value(),
            settings.mail_from,
            base,
            settings.audit_anchor_email,
        )
    try:
        yield senders
    finally:
        await webhooks.close()


@asynccontextmanager
async def notifying(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Send notifications in the background while the ``with`` block runs."""
    async with (
        senders_of(settings) as senders,
        running(every(INTERVAL_S, partial(_deliver_all, database, senders, clock))),
    ):
        yield


async def _deliver_all(database: Database, senders: Mapping[str, Sender], clock: Clock) -> None:
    while any(await deliver_due(database, senders, clock)):
        pass
