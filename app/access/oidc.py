"""Sign-in by an OpenID Connect provider: code flow with PKCE, state and nonce.

What has to survive the way to the provider and back lies in a signed cookie of ten minutes, so
that any worker can answer the return. The provider says who somebody is; whether they have an
account, and what they may do, is decided here.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from authlib.integrations.starlette_client import OAuth
from itsdangerous import BadData, URLSafeTimedSerializer

from app.runtime.logs import INCIDENTS, describe
from app.settings import Settings

#: Cookie of the way to the provider and back.
COOKIE = "amparo_oidc"
#: How long somebody may take to sign in there (RFC 6749, 4.1.2: a code lives 10 minutes at most).
LIFE_S = 600

_TIMEOUT_S = 10.0
#: How far the provider's clock may be off.
_LEEWAY_S = 60

#: Signatures by the provider's own key; a shared secret or none at all is not taken
#: (OpenID Connect Core 1.0, 3.1.3.7).
_ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")


class OidcError(Exception):
    """The sign-in at the provider did not come to an end that can be believed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider says somebody is.

    Parameters
    ----------
    has_two_factors
        Whether they have shown it more than one factor, by its signed word.
    """

    issuer: str
    subject: str
    email: str | None
    is_verified: bool
    has_two_factors: bool = False


class Provider:
    """An OpenID Connect provider; its endpoints and keys are read when they are first needed.

    Parameters
    ----------
    issuer, client_id, client_secret
        As registered there.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client = OAuth().register(
            "provider",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{self.issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email",
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_S,
            },
        )
        key = hmac.new(client_secret.encode(), b"amparo oidc state", sha256).digest()
        self._serializer = URLSafeTimedSerializer(key, salt=f"{self.issuer} {client_id}")

    async def begin(self, redirect_uri: str, goes_on: str) -> tuple[str, str]:
        """Return where to send somebody, and the cookie that brings them back.

        Parameters
        ----------
        redirect_uri
            Our address that the provider returns to.
        goes_on
            Path to go to after the sign-in.

        Raises
        ------
        OidcError
            The provider does not answer, or not as one should.
        """
        try:
            await self._require_issuer()
            made = await self._client.create_authorization_url(redirect_uri)
            kept = {name: made[name] for name in ("state", "nonce", "code_verifier")}
            return str(made["url"]), self._serializer.dumps(
                {**kept, "redirect_uri": redirect_uri, "next": goes_on}
            )
        except Exception as error:  # see `_noted`
            _noted(error)
            msg = "the provider does not answer as it should"
            raise OidcError(msg) from error

    async def complete(
        self, cookie: str | None, returned: Mapping[str, str | None]
    ) -> tuple[Identity, str]:
        """Return who came back, and the path to go to.

        Parameters
        ----------
        cookie
            As `begin` made it.
        returned
            Query parameters of the return: ``state``, ``code``, ``iss``, ``error``.

        Raises
        ------
        OidcError
            The return does not belong to the cookie, the provider refused, or what it says of
            the person is not signed, is not for us, or is of another sign-in.
        """
        try:
            begun: dict[str, str] = self._serializer.loads(cookie or "", max_age=LIFE_S)
        except BadData as error:
            msg = "the sign-in took too long or did not begin here"
            raise OidcError(msg) from error
        state = returned.get("state") or ""
        if not hmac.compare_digest(state.encode(), begun["state"].encode()):
            msg = "the return belongs to another sign-in"
            raise OidcError(msg)
        # RFC 9207: another provider's answer is refused before its code goes anywhere.
        if returned.get("iss") not in {None, self.issuer, f"{self.issuer}/"}:
            msg = "another provider answers"
            raise OidcError(msg)
        if returned.get("error") or not returned.get("code"):
            msg = "the provider refused"
            raise OidcError(msg)
        try:
            claims = await self._claims(str(returned["code"]), begun)
            identity = self._identity(claims)
        except Exception as error:  # see `_noted`
            _noted(error)
            msg = "what the provider says cannot be believed"
            raise OidcError(msg) from error
        return identity, begun["next"]

    async def _claims(self, code: str, begun: Mapping[str, str]) -> Mapping[str, Any]:
        await self._require_issuer()
        token = await self._client.fetch_access_token(
            redirect_uri=begun["redirect_uri"], code=code, code_verifier=begun["code_verifier"]
        )
        issuer = self._client.server_metadata["issuer"]
        claims = await self._client.parse_id_token(
            token,
            nonce=begun["nonce"],
            claims_options={
                "iss": {"essential": True, "values": [issuer]},
                "aud": {"essential": True, "value": self._client_id},
            },
            leeway=_LEEWAY_S,
        )
        if claims is None:
            msg = "no id_token"
            raise ValueError(msg)
        if "email" not in claims and "userinfo_endpoint" in self._client.server_metadata:
            more = await self._client.userinfo(token=token)
            # Core 1.0, 5.3.2: what is said of another subject must not be used.
            if more["sub"] == claims["sub"]:
                # How somebody signed in, the signed token says or nobody.
                return {**more, "amr": None, **claims}
        return dict(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject, email, methods = claims["sub"], claims.get("email"), claims.get("amr")
        if not isinstance(subject, str) or not subject:
            msg = "no subject"
            raise ValueError(msg)
        return Identity(
            issuer=self.issuer,
            subject=subject,
            email=email if isinstance(email, str) else None,
            # Some send the text "true"; only the truth value is what the standard defines.
            is_verified=claims.get("email_verified") is True,
            # RFC 8176: "multiple-factor authentication".
            has_two_factors=isinstance(methods, list) and "mfa" in methods,
        )

    async def _require_issuer(self) -> None:
        """Read the provider's metadata; take none that is another issuer's (Discovery, 4.3)."""
        metadata = await self._client.load_server_metadata()
        if str(metadata["issuer"]).rstrip("/") != self.issuer:
            metadata.pop("_loaded_at", None)
            msg = "the metadata is of another issuer"
            raise ValueError(msg)
        stated = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [a for a in stated if a in _ALGORITHMS]


def _noted(error: Exception) -> None:
    """Log what went wrong at the provider, by classes alone (P48).

    Whatever another server sends, and whatever the libraries between make of it (their HTTP
    client is one of two, each with its own exceptions), ends on a page and not in a 500.
    """
    INCIDENTS.error("sign-in at the provider: %s", describe(error))


def provider_of(settings: Settings) -> Provider | None:
    """Return the provider of the settings, None where none is set."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    secret = settings.oidc_client_secret
    return Provider(
        str(settings.oidc_issuer),
        settings.oidc_client_id,
        "" if secret is None else secret.get_secret_value(),
    )
