"""Notifications reach a real mail server and a real receiver, and nothing behind the firewall."""

import asyncio
import hmac
import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import httpcore
import httpx
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from app.jobs import audit_anchoring
from app.jobs import notification_senders as senders
from app.jobs.notification_senders import (
    EmailSender,
    UndeliverableError,
    WebhookSender,
    deliver_due,
    senders_of,
)
from app.texts.notification_text import text_of
from geo.accounts import outbox
from geo.accounts.outbox import (
    ACCOUNT_EVENTS,
    EVENTS,
    REMINDER_EVENTS,
    SOURCE_EVENTS,
    WATCH_EVENTS,
    ClaimedMessage,
)
from geo.audit import trail
from geo.db.sessions import Tier
from geo.models import OutboxMessage
from geo.oversight import audit_anchors
from tests.conftest import opened
from tests.fixtures.clock import run_now
from tests.fixtures.network import fill_network
from tests.fixtures.ports import free_port
from tests.fixtures.waiting import PATIENCE_S


def now():
    return run_now() + timedelta(minutes=1)


def message(**changes):
    return ClaimedMessage(
        **{
            "id": "m1",
            "channel": "webhook",
            "event": "record.changed",
            "payload": {"entity": "space", "record_id": "casa"},
            "created_at": run_now(),
            "attempt": 1,
            "address": "https://example.org/",
            "language": "es",
            "key": b"k" * 32,
        }
        | changes
    )


class Mailbox:
    def __init__(self):
        self.mails = []
        self.answers = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox():
    box = Mailbox()
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port, ready_timeout=PATIENCE_S)
    controller.start()
    yield box
    controller.stop()


class Receiver:
    """A web server of a few lines that keeps what it gets."""

    def __init__(self):
        self.requests = []
        self.status = "200 OK"
        self.extra = ""

    async def handle(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
        )
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((head.split("\r\n")[0], headers, body))
        answer = f"HTTP/1.1 {self.status}\r\n{self.extra}Content-Length: 0\r\n"
        writer.write(f"{answer}Connection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver():
    made = Receiver()
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?x=1"
    yield made
    server.close()


@pytest.fixture
async def webhooks():
    sender = WebhookSender(allow_private=True)
    yield sender
    await sender.close()


@pytest.fixture
async def public_only():
    sender = WebhookSender()
    yield sender
    await sender.close()


async def test_an_e_mail_says_that_something_waits_and_where(mailbox):
    sender = EmailSender(f"smtp://127.0.0.1:{mailbox.port}", "amparo@example.org", "https://a.test")
    await sender.send(
        message(
            channel="email",
            event="proposal.created",
            payload={"proposal_id": "p1", "record_id": "casa"},
            address="ana@example.org",
        )
    )
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["ana@example.org"]
    content = mail.content.decode()
    assert "https://a.test/network/proposals/p1" in content
    assert "<m1@example.org>" in content, "the same at each attempt"
    assert "casa" not in content, "P48: not even which place"


async def test_a_head_of_the_audit_goes_to_the_address_of_the_settings(
    mailbox, empty_database, empty_clone, settings_for, tmp_path
):
    settings = settings_for(
        empty_clone,
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
        mail_from="amparo@example.org",
        audit_anchor_email="archivo@example.org",
        audit_anchor_file=tmp_path / "elsewhere" / "anchors.jsonl",
    )
    moment = run_now()
    async with empty_database.session(Tier.WRITER) as session:
        await trail.record(session, actor="a", action="b", entity="c")
        assert await audit_anchoring.keep_due(session, settings, moment) == []
        assert await audit_anchoring.keep_due(session, settings, moment) == [], "once a day"
    async with senders_of(settings) as senders:
        later = moment + timedelta(minutes=1)
        assert await deliver_due(empty_database, senders, lambda: later) == (1, 0)
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["archivo@example.org"]
    read = message_from_bytes(mail.content, policy=default).get_content()
    (line,) = [line for line in read.splitlines() if line.startswith("{")]
    written = settings.audit_anchor_file.read_text().splitlines()
    assert len(written) == 1
    async with empty_database.session(Tier.WRITER) as session:
        for lines in ([line], written):
            kept = audit_anchors.read_anchors(lines)
            assert kept
            assert (await trail.verify(session, anchored=kept)).broken is None


async def test_a_head_that_cannot_be_kept_is_late_after_a_day(
    empty_database, empty_clone, settings_for, tmp_path
):
    (tmp_path / "file").write_text("")
    settings = settings_for(empty_clone, audit_anchor_file=tmp_path / "file" / "anchors.jsonl")
    async with empty_database.session(Tier.WRITER) as session:
        await trail.record(session, actor="a", action="b", entity="c")
        begun = await session.scalar(text("select max(at) from amparo.audit_entries"))
        for passed, late in ((timedelta(hours=23), []), (timedelta(hours=25), ["file"])):
            assert await audit_anchoring.keep_due(session, settings, begun + passed) == late


@pytest.mark.parametrize(
    "event", EVENTS + ACCOUNT_EVENTS + WATCH_EVENTS + SOURCE_EVENTS + REMINDER_EVENTS
)
@pytest.mark.parametrize("language", ["es", "en", "pt", "fr"])
def test_every_event_has_a_text(event, language):
    subject, text = text_of(event, {}, language, None)
    assert subject.startswith("Amparo: ")
    assert "http" not in text


async def test_a_webhook_is_signed(receiver, webhooks):
    await webhooks.send(message(address=receiver.url))
    ((line, headers, body),) = receiver.requests
    assert line == "POST /hook?x=1 HTTP/1.1"
    signed = headers["amparo-timestamp"].encode() + b"." + body
    expected = hmac.new(b"k" * 32, signed, "sha256").hexdigest()
    assert headers["amparo-signature"] == f"v1={expected}"
    assert headers["amparo-delivery"] == "m1"
    told = json.loads(body)
    assert told["data"] == {"entity": "space", "record_id": "casa"}
    assert set(told) == {"id", "event", "created_at", "data"}


@pytest.mark.parametrize("status", ["500 Oops", "404 Not Found", "301 Moved"])
async def test_only_success_is_success(receiver, webhooks, status):
    receiver.status = status
    receiver.extra = f"Location: {receiver.url}\r\n"
    with pytest.raises(Exception, match="refused"):
        await webhooks.send(message(address=receiver.url))
    assert len(receiver.requests) == 1, "no redirect is followed"


async def test_a_receiver_that_is_gone_is_not_asked_again(receiver, webhooks):
    receiver.status = "410 Gone"
    with pytest.raises(UndeliverableError):
        await webhooks.send(message(address=receiver.url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1:1/",
        "https://localhost:1/",
        "https://[::1]:1/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[fec0::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[::127.0.0.1]/",
        "https://[::10.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[::ffff:0:192.168.1.1]/",
        "https://[2002:7f00:1::1]/",
        "https://[2002:c0a8:101::]/",
        "https://[2001::1]/",
        "https://[::]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "http://93.184.215.14/",
        "https://user:password@93.184.215.14/",
        "file:///etc/passwd",
        "ftp://example.org/",
    ],
)
async def test_a_webhook_reaches_nothing_behind_the_firewall(public_only, url):
    with pytest.raises(UndeliverableError):
        await public_only.send(message(address=url))


async def test_a_name_that_leads_inside_is_refused_too(public_only, monkeypatch):
    async def inside(self, host, port, **_):
        return [(2, 1, 6, "", ("93.184.215.14", port)), (2, 1, 6, "", ("10.1.2.3", port))]

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", inside)
    with pytest.raises(UndeliverableError):
        await public_only.send(message(address="https://rebinding.example/"))


async def test_a_name_is_looked_up_once_and_what_was_checked_is_asked(
    public_only, receiver, monkeypatch
):
    """A name that leads outside when it is checked and inside when it is asked (rebinding)."""
    looked_up = []

    async def turning(self, host, port, **_):
        looked_up.append(host)
        inside = len(looked_up) > 1
        return [(2, 1, 6, "", ("127.0.0.1" if inside else "203.0.113.9", port))]

    connected = []

    async def connect(self, host, port, **_):
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(senders, "_is_public", lambda address: not address.is_loopback)
    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", turning)
    monkeypatch.setattr(httpcore._backends.auto.AutoBackend, "connect_tcp", connect)
    for _ in range(2):
        with pytest.raises((httpx.ConnectError, UndeliverableError)):
            await public_only.send(message(address="https://rebinding.example/hook"))
    # Asked again, it leads inside: that is looked at anew, and nothing is connected.
    assert connected == ["203.0.113.9"]
    assert looked_up == ["rebinding.example"] * 2


async def test_plain_http_leaves_this_machine_never(webhooks):
    with pytest.raises(UndeliverableError):
        await webhooks.send(message(address="http://10.0.0.1/"))


@pytest.mark.clock
async def test_what_is_due_is_sent_once_and_what_fails_waits(
    empty_clone, settings_for, mailbox, receiver
):
    settings = settings_for(
        empty_clone,
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
        mail_from="amparo@example.org",
        webhook_allow_private=True,
    )
    mailbox.answers = ["451 later"]
    async with opened(settings) as database, senders_of(settings) as ready:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            await outbox.add_webhook(session, None, url=receiver.url, events=EVENTS)
            await outbox.announce(session, "record.changed", {"record_id": "casa"}, people=["ed"])
        assert await deliver_due(database, ready, now) == (1, 1)
        assert await deliver_due(database, ready, now) == (0, 0)
        assert await deliver_due(database, ready, lambda: now() + outbox.FIRST_WAIT) == (1, 0)
        assert len(mailbox.mails) == len(receiver.requests) == 1
        async with database.session(Tier.WRITER) as session:
            rows = (await session.scalars(select(OutboxMessage))).all()
            assert all(row.sent_at is not None for row in rows)


async def test_without_a_mail_server_e_mail_waits(empty_clone, settings_for):
    settings = settings_for(empty_clone)
    async with opened(settings) as database, senders_of(settings) as ready:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            await outbox.announce(session, "record.changed", {}, people=["ed"])
        assert await deliver_due(database, ready, now) == (0, 0)
        async with database.session(Tier.WRITER) as session:
            assert await outbox.waiting(session) == (1, 0)


async def test_p48_an_error_is_logged_by_its_class_alone(
    empty_clone, settings_for, caplog, monkeypatch
):
    monkeypatch.setattr(senders.NOTICES, "propagate", True)
    settings = settings_for(empty_clone)
    async with opened(settings) as database, senders_of(settings) as ready:
        async with database.session(Tier.WRITER) as session:
            await outbox.add_webhook(
                session, None, url="https://10.9.8.7/secret-path", events=EVENTS
            )
            await outbox.announce(session, "record.changed", {"record_id": "casa"})
        await deliver_due(database, ready, now)
    assert "UndeliverableError" in caplog.text
    for word in ("10.9.8.7", "secret-path", "casa"):
        assert word not in caplog.text
