"""Access tokens: what opens, what does not, and that the secret is kept nowhere."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from geo.accounts.tokens import check_token, issue_token, revoke_token
from geo.db.sessions import Tier
from geo.errors import InvalidTokenError, NotFoundError
from geo.models import AccessToken
from tests.fixtures.clock import run_now

LATER = run_now() + timedelta(days=30)


async def issue(session, **changes):
    return await issue_token(
        session, **{"scope": "movement", "holder": "Organización 3", "expires_at": LATER} | changes
    )


async def test_a_token_opens_its_scope(session):
    token_id, secret = await issue(session)
    grant = await check_token(session, secret, scope="movement")
    assert (grant.id, grant.scope, grant.holder) == (token_id, "movement", "Organización 3")
    with pytest.raises(InvalidTokenError):
        await check_token(session, secret, scope="records")


async def test_the_secret_is_stored_nowhere(session):
    _, secret = await issue(session)
    row = (await session.execute(select(AccessToken.__table__))).one()
    assert secret not in str(row)
    assert secret.encode() not in b"".join(v for v in row if isinstance(v, bytes))
    assert len(secret) >= 43, "256 bits"


@pytest.mark.parametrize("secret", ["", "x", "Bearer x", "x" * 10_000, "ñ\x00"])
async def test_an_unknown_secret_is_refused(session, secret):
    await issue(session)
    with pytest.raises(InvalidTokenError):
        await check_token(session, secret, scope="movement")


@pytest.mark.clock
async def test_revoked_and_expired_tokens_are_refused_alike(session):
    token_id, revoked = await issue(session)
    await revoke_token(session, token_id)
    await revoke_token(session, token_id)
    _, expired = await issue(session, expires_at=run_now() - timedelta(seconds=1))
    told = set()
    for secret in (revoked, expired, "never"):
        with pytest.raises(InvalidTokenError) as refused:
            await check_token(session, secret, scope="movement")
        told.add(str(refused.value))
    assert len(told) == 1
    with pytest.raises(NotFoundError):
        await revoke_token(session, "absent")


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF])
async def test_only_the_writer_reads_tokens(shared_database, tier):
    with pytest.raises(DBAPIError, match="permission denied"):
        async with shared_database.session(tier) as session:
            await session.execute(text("select 1 from amparo.access_tokens"))
