"""``amparo expiring|confirm|notify|webhook …``: spaces to reconfirm, notifications, webhooks."""

from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, setup
from app.cli.session import run, written
from app.cli.terminal import err, explained_failures, fail, out, require_settings, say
from app.jobs.notification_senders import deliver_due, senders_of
from app.texts import confirmation_text
from geo.accounts import outbox
from geo.confirmations import answers
from geo.confirmations.answers import Issued
from geo.db.sessions import Tier
from geo.models import Webhook
from geo.spaces import freshness

confirm_app = typer.Typer(help="Links by which operators reconfirm.", no_args_is_help=True)
webhook_app = typer.Typer(help="Systems that are told of changes.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module with the application's command line."""
    app.add_typer(confirm_app, name="confirm")
    app.add_typer(webhook_app, name="webhook")
    app.command("expiring")(expiring)
    app.command("notify")(notify)


def expiring(
    days: Annotated[int, typer.Option(min=0, max=365, help="How far ahead to look.")] = 7,
) -> None:
    """List the spaces that the public loses soon, the first to expire first.

    Example: amparo expiring --days 7
    """
    today = clock.now().date()

    async def work(session: AsyncSession) -> tuple[freshness.Expiring, ...]:
        return await freshness.expiring(session, within_days=days, today=today, actor=None)

    found = written(require_settings(), work)
    table = Table("last day", "left", "id", "name", "country", "confirmed on", box=None)
    for space in found:
        # Restricted spaces are not named on a screen that others may see.
        name = "(restricted)" if space.is_restricted else space.name
        table.add_row(
            f"{space.expires_on}",
            f"{space.days_left} d",
            space.id,
            name,
            space.country,
            f"{space.confirmed_on}",
        )
    if found:
        out.print(table)
    err.print(f"{len(found)} spaces expire within {days} days, or have expired", markup=False)


@confirm_app.command("link")
def confirm_link(
    space: Annotated[str, typer.Argument(help="Its id.")],
    channel: Annotated[str, typer.Option(help="whatsapp, sms, email or phone.")] = "whatsapp",
    to: Annotated[str | None, typer.Option(help="International number; not stored.")] = None,
    lang: Annotated[str, typer.Option(help="es or pt.")] = "es",
) -> None:
    """Print a message with a single-use link by which an operator reconfirms a space.

    Example: amparo confirm link DEMO-001 --channel whatsapp --to "+57 300 0000000"
    """
    settings = require_settings()
    if settings.public_url is None:
        fail("AMPARO_PUBLIC_URL is not set: a link needs the address by which others reach this")
    now = clock.now()

    async def work(session: AsyncSession) -> Issued:
        return await answers.issue_link(
            session, space, channel, None, now=now, days=settings.confirm_link_days
        )

    issued = written(settings, work)
    url = f"{str(settings.public_url).rstrip('/')}/confirm/{issued.token}"
    until = f"{issued.expires_at:%d/%m/%Y}"
    if channel == "sms":
        say(confirmation_text.sms_text(url, issued.space_name, lang))
        return
    text = confirmation_text.long_text(url, issued.space_name, until, lang)
    say(text)
    if channel == "whatsapp":
        say(confirmation_text.whatsapp_url(text, to))


def notify() -> None:
    """Send the notifications that are due now, and stop; a running server sends them by itself.

    Example: amparo notify
    """
    settings = require_settings()

    async def work() -> tuple[int, int, int]:
        sent = failed = 0
        async with setup.writing_database(settings) as database, senders_of(settings) as senders:
            while any(done := await deliver_due(database, senders, clock.now)):
                sent, failed = sent + done[0], failed + done[1]
            async with database.session(Tier.WRITER) as session:
                left, _ = await outbox.waiting(session)
        return sent, failed, left

    with explained_failures():
        setup.start_database(settings)
    sent, failed, left = run(work())
    out.print(f"{sent} sent, {failed} failed, {left} wait", markup=False)


@webhook_app.command("add")
def webhook_add(
    url: Annotated[str, typer.Argument(help="Where to post to; https.")],
    event: Annotated[list[str], typer.Option(help=f"Any of {', '.join(outbox.EVENTS)}.")],
    organization: Annotated[
        str | None, typer.Option(help="Only of records of this organisation (its id).")
    ] = None,
) -> None:
    """Tell a system of events, and print once the key that signs what it gets.

    Example: amparo webhook add https://partner.example.org/hook --event record.changed
    """

    async def work(session: AsyncSession) -> tuple[str, bytes]:
        return await outbox.add_webhook(
            session, None, url=url, events=event, organization_id=organization
        )

    webhook_id, key = written(require_settings(), work)
    err.print(f"webhook {webhook_id}; its key, shown only now:", markup=False)
    out.print(key.hex(), markup=False, soft_wrap=True)


@webhook_app.command("list")
def webhook_list() -> None:
    """List the webhooks.

    Example: amparo webhook list
    """

    async def work(session: AsyncSession) -> list[Webhook]:
        return await outbox.webhooks(session)

    table = Table("id", "url", "events", "organisation", box=None)
    for hook in written(require_settings(), work):
        table.add_row(hook.id, hook.url, ", ".join(hook.events), hook.organization_id or "all")
    out.print(table)


@webhook_app.command("remove")
def webhook_remove(webhook_id: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Tell a webhook nothing more.

    Example: amparo webhook remove 0193-7f2c
    """

    async def work(session: AsyncSession) -> None:
        await outbox.revoke_webhook(session, webhook_id)

    written(require_settings(), work)
    out.print(f"webhook {webhook_id} removed", markup=False)
