"""Sign-in by an OpenID Connect provider: code flow with PKCE, state and nonce.

State, nonce and code verifier are kept for ten minutes in a signed cookie, so that any worker
process can handle the callback. The provider only authenticates a person; Amparo decides whether
the person has an account, and its permissions.
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

#: Name of the cookie that is kept between the redirect to the provider and the callback.
COOKIE = "amparo_oidc"
#: Seconds allowed for the sign-in at the provider (RFC 6749, 4.1.2: a code lives at most 10 min).
LIFE_S = 600

_TIMEOUT_S = 10.0
#: Tolerated difference to the provider's clock, in seconds.
_LEEWAY_S = 60

#: Accepted signature algorithms of id tokens (OpenID Connect Core 1.0, 3.1.3.7). All are
#: asymmetric; HMAC with the client secret and "none" are refused.
_ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")


class OidcError(Exception):
    """The sign-in at the provider failed, or its result cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Person's identity as stated by the provider.

    Parameters
    ----------
    has_two_factors
        Whether the person signed in with more than one factor, according to the signed id token.
    """

    issuer: str
    subject: str
    email: str | None
    is_verified: bool
    has_two_factors: bool = False


class Provider:
    """OpenID Connect provider, whose metadata and keys are loaded at first use.

    Parameters
    ----------
    issuer, client_id, client_secret
        Issuer URL, and the credentials with which Amparo is registered at the provider.
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
        """Return the provider's authorization URL and the value of the cookie for the callback.

        Parameters
        ----------
        redirect_uri
            Amparo's callback URL.
        goes_on
            Path on this server to which the browser is redirected after the sign-in.

        Raises
        ------
        OidcError
            The provider does not answer, or its answer does not follow the standard.
        """
        try:
            await self._require_issuer()
            made = await self._client.create_authorization_url(redirect_uri)
            kept = {name: made[name] for name in ("state", "nonce", "code_verifier")}
            return str(made["url"]), self._serializer.dumps(
                {**kept, "redirect_uri": redirect_uri, "next": goes_on}
            )
        except Exception as error:  # any error, as explained at `_noted`
            _noted(error)
            msg = "the provider does not answer as it should"
            raise OidcError(msg) from error

    async def complete(
        self, cookie: str | None, returned: Mapping[str, str | None]
    ) -> tuple[Identity, str]:
        """Handle the provider's callback; return the person's identity and the path to go to.

        Parameters
        ----------
        cookie
            Cookie value made by `begin`.
        returned
            Query parameters of the callback: ``state``, ``code``, ``iss``, ``error``.

        Raises
        ------
        OidcError
            The callback does not match the cookie, the provider refused, or the id token is not
            signed, is for another client, or belongs to another sign-in.
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
        # Refuse the callback of another provider before its code is sent anywhere (RFC 9207).
        if returned.get("iss") not in {None, self.issuer, f"{self.issuer}/"}:
            msg = "another provider answers"
            raise OidcError(msg)
        if returned.get("error") or not returned.get("code"):
            msg = "the provider refused"
            raise OidcError(msg)
        try:
            claims = await self._claims(str(returned["code"]), begun)
            identity = self._identity(claims)
        except Exception as error:  # any error, as explained at `_noted`
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
            # Userinfo of another subject must not be used (OpenID Connect Core 1.0, 5.3.2).
            if more["sub"] == claims["sub"]:
                # Take the authentication methods (`amr`) only from the signed id token.
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
            # Accept only the boolean of the standard, not the string "true" of some providers.
            is_verified=claims.get("email_verified") is True,
            # "mfa" stands for multiple-factor authentication (RFC 8176).
            has_two_factors=isinstance(methods, list) and "mfa" in methods,
        )

    async def _require_issuer(self) -> None:
        """Load the provider's metadata; refuse metadata of another issuer (OIDC Discovery, 4.3).

        Signature algorithms that are not accepted are removed from the metadata.
        """
        metadata = await self._client.load_server_metadata()
        if str(metadata["issuer"]).rstrip("/") != self.issuer:
            metadata.pop("_loaded_at", None)
            msg = "the metadata is of another issuer"
            raise ValueError(msg)
        stated = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [a for a in stated if a in _ALGORITHMS]


def _noted(error: Exception) -> None:
    """Log an error of the sign-in at the provider, by exception classes and lines of code (P48).

    Callers catch every exception, so that faults of the provider lead to an error page, not to a
    500. A list of classes would not do: the libraries use one of two HTTP clients, each with its
    own exceptions.
    """
    INCIDENTS.error("sign-in at the provider: %s", describe(error))


def provider_of(settings: Settings) -> Provider | None:
    """Return the OpenID Connect provider named in the settings; None if the settings name none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    secret = settings.oidc_client_secret
    return Provider(
        str(settings.oidc_issuer),
        settings.oidc_client_id,
        "" if secret is None else secret.get_secret_value(),
    )
