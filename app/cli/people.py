"""``amparo person|organization|token …``: who may sign in, and what programs may ask."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.cli.session import written
from app.cli.terminal import err, out, require_settings
from app.settings import Settings
from geo.accounts import people, second_factor, sign_in, tokens

person_app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
organization_app = typer.Typer(help="Organisations that people belong to.", no_args_is_help=True)
token_app = typer.Typer(help="Access tokens for programs.", no_args_is_help=True)

#: Actor in audit entries of commands: people at the command line do not sign in.
BY = "cli"

Email = Annotated[str, typer.Argument(help="Their e-mail address.")]
RoleOption = Annotated[str, typer.Option(help="viewer, editor, approver, coordinator or admin.")]
OrganizationOption = Annotated[
    str | None, typer.Option("--organization", help="Id or name of their organisation.")
]
CountryOption = Annotated[
    list[str] | None,
    typer.Option("--country", help="Country in which an approver decides; may be repeated."),
]


@person_app.command("add")
def person_add(
    email: Email,
    name: Annotated[str, typer.Option(help="Their name, for colleagues.")],
    role: RoleOption = "viewer",
    organization: OrganizationOption = None,
    country: CountryOption = None,
    language: Annotated[str, typer.Option(help="Language they are written to in.")] = "es",
) -> None:
    """Add a person and print a link, valid once and 72 h, by which they set a password.

    Example: amparo person add ana@example.org --name Ana --role approver --country CO
    """
    settings = require_settings()

    async def work(session: AsyncSession) -> str:
        person_id = await people.add_person(
            session,
            email=email,
            name=name,
            role=role,
            organization_id=await _organization(session, organization),
            countries=_codes(country),
            language=language,
            by=BY,
        )
        return await sign_in.invite(session, person_id, by=BY)

    _print_invitation(settings, written(settings, work))


@person_app.command("invite")
def person_invite(email: Email) -> None:
    """Print a new link by which a person sets a password; older links end.

    Example: amparo person invite ana@example.org
    """
    settings = require_settings()

    async def work(session: AsyncSession) -> str:
        person = await people.find_person(session, email)
        return await sign_in.invite(session, person.id, by=BY)

    _print_invitation(settings, written(settings, work))


@person_app.command("list")
def person_list() -> None:
    """List everybody.

    Example: amparo person list
    """
    table = Table("name", "e-mail", "role", "organisation", "countries", "state")
    for person in written(require_settings(), people.list_people):
        state = "active" if person.signs_in else "invited"
        table.add_row(
            person.name,
            person.email,
            person.role,
            person.organization or "",
            " ".join(person.countries),
            state if person.active else "disabled",
        )
    out.print(table)


@person_app.command("role")
def person_role(
    email: Email,
    role: RoleOption,
    organization: OrganizationOption = None,
    country: CountryOption = None,
) -> None:
    """Give a person another role, organisation and countries; it holds from their next request.

    Example: amparo person role ana@example.org --role coordinator
    """

    async def work(session: AsyncSession) -> None:
        person = await people.find_person(session, email)
        await people.change_role(
            session,
            person.id,
            role=role,
            organization_id=await _organization(session, organization),
            countries=_codes(country),
            by=BY,
        )

    written(require_settings(), work)
    out.print(f"{email} is {role} now", markup=False)


@person_app.command("disable")
def person_disable(email: Email) -> None:
    """Shut a person out at once: password, sessions, links and tokens end.

    Example: amparo person disable ana@example.org
    """

    async def work(session: AsyncSession) -> None:
        await people.deactivate(session, (await people.find_person(session, email)).id, by=BY)

    written(require_settings(), work)
    out.print(f"{email} is shut out", markup=False)


@person_app.command("enable")
def person_enable(email: Email) -> None:
    """Let a person in again, by a new link.

    Example: amparo person enable ana@example.org
    """
    settings = require_settings()

    async def work(session: AsyncSession) -> str:
        person = await people.find_person(session, email)
        await people.activate(session, person.id, by=BY)
        return await sign_in.invite(session, person.id, by=BY)

    _print_invitation(settings, written(settings, work))


@person_app.command("reset-factor")
def person_reset_factor(email: Email) -> None:
    """Take a lost second factor away: sign-ins, known devices and tokens end.

    The person sets up another at the next sign-in, by password.

    Example: amparo person reset-factor ana@example.org
    """

    async def work(session: AsyncSession) -> None:
        await second_factor.reset(session, (await people.find_person(session, email)).id, by=BY)

    written(require_settings(), work)
    out.print(f"{email} sets up another second factor at the next sign-in", markup=False)


@organization_app.command("add")
def organization_add(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Add an organisation that runs no space yet, and print its id.

    Example: amparo organization add "Cruz del Norte"
    """

    async def work(session: AsyncSession) -> str:
        return await people.add_organization(session, name)

    out.print(written(require_settings(), work), markup=False)


@organization_app.command("list")
def organization_list() -> None:
    """List organisations, with the ids that other commands take.

    Example: amparo organization list
    """
    table = Table("id", "name")
    for row in written(require_settings(), people.list_organizations):
        table.add_row(*row)
    out.print(table)


@token_app.command("create")
def token_create(
    holder: Annotated[str, typer.Argument(help="The organisation that holds it.")],
    scope: Annotated[
        str, typer.Option(help="movement (counts in), partner (reads) or edit (changes).")
    ] = "movement",
    person: Annotated[
        str | None, typer.Option(help="E-mail of whom it acts for; needed to edit.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=tokens.LONGEST_DAYS, help="Days until it expires.")
    ] = 90,
) -> None:
    """Print a new token once; only its SHA-256 is stored.

    Example: amparo token create "Organización 3" --scope partner --days 30
    """

    async def work(session: AsyncSession) -> tuple[str, str]:
        member = None if person is None else await people.find_person(session, person)
        return await tokens.issue_token(
            session,
            scope=scope,
            holder=holder,
            expires_at=clock.now() + timedelta(days=days),
            person_id=None if member is None else member.id,
            by=BY,
        )

    token_id, secret = written(require_settings(), work)
    err.print(
        f"token {token_id} ({scope}) for {holder}, valid {days} days; shown only now:",
        markup=False,
    )
    out.print(secret, markup=False, soft_wrap=True)


@token_app.command("list")
def token_list() -> None:
    """List tokens, never their secrets.

    Example: amparo token list
    """
    table = Table("id", "scope", "holder", "expires", "state")
    now = clock.now()
    for token in written(require_settings(), tokens.list_tokens):
        state = "expired" if token.expires_at <= now else "valid"
        table.add_row(
            token.id,
            token.scope,
            token.holder,
            token.expires_at.date().isoformat(),
            state if token.revoked_at is None else "revoked",
        )
    out.print(table)


@token_app.command("revoke")
def token_revoke(token_id: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Revoke a token at once.

    Example: amparo token revoke 0193-7f2c
    """

    async def work(session: AsyncSession) -> None:
        await tokens.revoke_token(session, token_id, by=BY)

    written(require_settings(), work)
    out.print(f"token {token_id} revoked", markup=False)


async def _organization(session: AsyncSession, stated: str | None) -> str | None:
    return None if stated is None else await people.find_organization(session, stated)


def _codes(countries: Sequence[str] | None) -> list[str]:
    return [country.strip().upper() for country in countries or ()]


def _print_invitation(settings: Settings, secret: str) -> None:
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    hours = round(sign_in.INVITATION_LIFE.total_seconds() / 3600)
    err.print(f"valid once and for {hours} h; shown only now:", markup=False)
    out.print(f"{str(base).rstrip('/')}/network/invitation/{secret}", markup=False, soft_wrap=True)
