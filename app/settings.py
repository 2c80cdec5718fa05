"""Settings of a running Amparo; the only module that reads the environment."""

import os
import re
import tempfile
from dataclasses import replace
from datetime import time
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AnyHttpUrl,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from routing.travel.profiles import ADULT, Profile


def default_home() -> Path:
    """Return the data folder used when AMPARO_HOME is unset.

    Root keeps data under /var/lib, because PostgreSQL runs as another user who cannot
    enter root's home; everyone else keeps it in the XDG data folder.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/amparo")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "amparo"


_PREFIX = "AMPARO_"

#: Variables used by the examples in the documentation for partners, and by the tests. They are no
#: settings, but a shell that has them set may also start the server.
_CLIENTS = frozenset({"AMPARO_URL", "AMPARO_TOKEN", "AMPARO_TEST_DATA"})

_DRIVER = re.compile(r"postgres(ql(\+\w+)?)?", re.ASCII)
#: Valid host of a database URL. An unescaped @ or / of a password would end up in the host, and so
#: in messages that name it.
_HOST = re.compile(r"[\w.:%-]*", re.ASCII)


class BadSettingsError(ValueError):
    """The environment has invalid settings; one line per setting, without its value."""


def read_settings() -> "Settings":
    """Return the settings from the environment.

    Raises
    ------
    BadSettingsError
        Variables are invalid or unknown; names each with the reason, but without its value, which
        may be secret.
    """
    known = {f"{_PREFIX}{name}".upper() for name in Settings.model_fields}
    unknown = [name for name in os.environ if name.upper().startswith(_PREFIX)]
    lines = [
        f"{name}: {_meant(name.upper(), known)}"
        for name in sorted(unknown)
        if name.upper() not in known | _CLIENTS
    ]
    if lines:
        raise BadSettingsError("\n".join(lines))
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            ": ".join(
                [*(f"{_PREFIX}{name}".upper() for name in problem["loc"]), _reason(problem["msg"])]
            )
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise BadSettingsError("\n".join(lines)) from None


def secret_of(variable: str) -> str | None:
    """Return the secret in an environment variable that a configuration file names."""
    return os.environ.get(variable)


def _meant(name: str, known: set[str]) -> str:
    """Return the error text for an unknown variable, with the most similar setting.

    Unknown variables are refused because a misspelt limit would silently not apply.
    """
    near = get_close_matches(name, known, n=1, cutoff=0.8)
    return "is no setting" + (f"; is {near[0]} meant?" if near else ": see docs/settings.md")


def pass_on_host(host: str) -> None:
    """Pass the bound host to worker processes, which read the environment themselves (P35)."""
    os.environ[f"{_PREFIX}HOST"] = host


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")


# Cached, because every request checks the address that the server listens on.
@lru_cache(maxsize=8)
def is_loopback(host: str) -> bool:
    """Return whether a host is a loopback address, reachable only from this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


# An origin as browsers serialise it (RFC 6454, 6.2): lower case, without a trailing slash.
_ORIGIN = re.compile(r"https?://([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?", re.ASCII)


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, _parts(value)))


class Settings(BaseSettings):
    """Everything that can be configured, with the prefix ``AMPARO_``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        extra="ignore",
        # Validation errors must not show values: an invalid database URL may hold a password.
        hide_input_in_errors=True,
    )

    host: str = Field("127.0.0.1", description="Address to bind.")
    port: int = Field(8000, ge=1, le=65535, description="Port to bind.")
    public_url: AnyHttpUrl | None = Field(
        None, description="Address by which others reach this Amparo, for links in answers."
    )
    workers: PositiveInt = Field(1, description="Number of server processes.")
    home: Path = Field(
        default_factory=default_home,
        description="Data folder: database cluster, road graphs, caches.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="External PostGIS, as a role that may migrate; unset: a private cluster.",
    )
    database_url_public: SecretStr | None = Field(
        None, description="External database as amparo_public; default: same host, that role."
    )
    database_url_partner: SecretStr | None = Field(
        None, description="External database as amparo_partner; default: same host, that role."
    )
    database_url_staff: SecretStr | None = Field(
        None, description="External database as amparo_staff; default: same host, that role."
    )
    database_url_writer: SecretStr | None = Field(
        None, description="External database as amparo_writer; default: same host, that role."
    )
    database_url_listen: SecretStr | None = Field(
        None,
        description="Direct address of the external database as amparo_public, to be told of "
        "changes where the other addresses go through a pooler; default: as the public tier.",
    )
    pool_size: PositiveInt = Field(
        5, description="Database connections per access tier and worker."
    )
    database_wait_s: PositiveFloat = Field(
        # The default of `database_wait_s` equals `geo.db.read_pool.WAIT_S`, the longest wait for a
        # raw connection of the pool.
        4.0,
        description="Seconds to connect to the database, and to wait for a connection of the pool.",
    )
    statement_timeout_ms: PositiveInt = Field(
        10_000, description="Longest time a statement of a request may run."
    )
    command_statement_timeout_ms: PositiveInt = Field(
        # Default of the time limit for statements of a command [A]: one hour. A command writes a
        # country's road segments in one statement, which takes minutes.
        3_600_000,
        description="Longest time a statement of a command may run, and of a start's writes.",
    )
    kept_mb: NonNegativeInt = Field(
        # Default of the cache size (our choice): room for some thousand tiles and pages of each
        # tier.
        64,
        description="Megabytes of pages and tiles that each worker keeps; 0: none.",
    )
    body_limit_bytes: PositiveInt = Field(
        1_048_576, description="Largest request body; a larger one is refused with 413."
    )
    public_body_limit_bytes: PositiveInt = Field(
        65_536,
        description="Largest body of who has shown no sign-in or token that may write; a line to "
        "measure has a limit of its own.",
    )
    import_limit_bytes: PositiveInt = Field(
        20_971_520, description="Largest file of spaces that the console takes."
    )
    head_limit_bytes: int = Field(
        # The default size of request heads equals nginx's: four buffers of 8 kB
        # (large_client_header_buffers).
        32_768,
        ge=1_024,
        description="Longest request line and headers in all; beyond it 431, and the end of the "
        "connection.",
    )
    head_fields: PositiveInt = Field(
        # The default number of headers equals that of Apache's LimitRequestFields.
        100,
        description="Most headers of a request.",
    )
    head_timeout_s: PositiveInt = Field(
        # The default time and rate limits of requests equal those of Apache's mod_reqtimeout:
        # header=20, body=20, MinRate=500.
        20,
        description="Seconds that a request line and headers may take to come.",
    )
    body_timeout_s: PositiveInt = Field(
        20, description="Seconds that a body may take to come, beside what its size takes."
    )
    slowest_bytes_s: PositiveInt = Field(
        500, description="Bytes a second below which a body, or who takes an answer, is too slow."
    )
    send_timeout_s: PositiveInt = Field(
        # Default of the seconds for which a client may stop reading a response [A]: a phone that
        # changes between two masts reconnects in less time.
        20,
        description="Seconds over which an answer has to move as fast as that.",
    )
    connections: PositiveInt = Field(
        # Default of the maximum number of connections [A]; the server lowers it if the process may
        # open fewer files.
        1_000,
        description="Open connections of a process; who is served goes on, who waits longest goes.",
    )
    connections_per_address: NonNegativeInt = Field(
        # Default of the maximum number of connections per address [A]: the Wi-Fi of a shelter is
        # one address, with 200 people at the same moment. Idle connections of browsers are closed
        # to make room.
        200,
        description="Open connections of an address (of IPv6, a /64); 0: no limit. Those of "
        "AMPARO_TRUSTED_PROXY are not counted.",
    )
    unsent_mb: PositiveInt = Field(
        # Default of the megabytes of unsent responses [A]: about a hundred of the largest
        # responses.
        64,
        description="Megabytes of answers that wait in a process to be taken; beyond it who takes "
        "nothing for longest is cut off.",
    )
    download_still_s: PositiveInt = Field(
        # Default of the seconds after which a download counts as stalled [A]; the reason is at
        # `app.http.streaming.SENT_BYTES`.
        3,
        description="Seconds after which a download that hardly moves gives its place to who "
        "waits for one.",
    )
    session_minutes: PositiveInt = Field(720, description="Longest life of a web sign-in.")
    session_idle_minutes: PositiveInt = Field(
        120, description="A web sign-in that asks nothing for so long is over."
    )
    rate_per_minute: NonNegativeInt = Field(
        600, description="Requests a minute and address without a token; 0: no limit."
    )
    token_rate_per_minute: NonNegativeInt = Field(
        1_200, description="Requests a minute and access token; 0: no limit."
    )
    sign_in_rate_per_minute: NonNegativeInt = Field(
        10, description="Sign-ins and link answers a minute and address; 0: no limit."
    )
    sign_in_pair_rate_per_hour: NonNegativeInt = Field(
        # Default of the sign-in attempts per hour from one address at one account [A]: enough for
        # people who have forgotten their password and try about ten.
        20,
        description="Sign-ins an hour of one address, or of one known device, at one account; "
        "0: no limit.",
    )
    sign_in_account_rate_per_hour: NonNegativeInt = Field(
        # Default of the sign-in attempts per hour at one account by unknown devices [A]: at 60
        # guesses an hour for a year, a password that is one of 10^8 equally likely ones is found
        # with a probability of 1 in 190.
        60,
        description="Sign-ins an hour at one account by devices that are not known, wherever "
        "from; 0: no limit.",
    )
    second_factor: Literal["required", "offered"] = Field(
        "required",
        description="Whether approvers, coordinators and administrators sign in with a second "
        "factor, which they set up at the next sign-in; offered: who has set one up alone.",
    )
    known_device_days: PositiveInt = Field(
        # Default of the days for which a device stays known after a sign-in [A]: half a year, for
        # people who sign in twice a year.
        180,
        description="Days after a sign-in for which its browser is known: what others try does "
        "not slow it down.",
    )
    trusted_device_days: NonNegativeInt = Field(
        # Default of the days for which a trusted browser needs no second factor [A], as at many
        # services. Hiding a record from the public in an emergency should not wait for a code from
        # a phone.
        30,
        description="Days for which a browser that its owner has ticked stands for the second "
        "factor; 0: the code is always asked for.",
    )
    report_rate_per_minute: NonNegativeInt = Field(
        # Default of the reports per minute from one address (our choice). The Wi-Fi of a shelter is
        # one address: sixty people in a room may send feedback within the same minute. A script can
        # send no more than a tenth of `rate_per_minute`.
        60,
        description="Feedback, complaints, reports and the like a minute and address; 0: no limit.",
    )
    removals_per_day: NonNegativeInt = Field(
        # Default of the records that one person may remove in a day without another person's
        # confirmation [A]: up to three on an ordinary day; more removals mean an emergency that
        # others have to know of (P52).
        3,
        description="Records that one person hides, closes or withdraws in a day without an end; "
        "what is beyond calls who coordinates and ends after 24 hours unless confirmed.",
    )
    reading_records_per_day: PositiveInt = Field(
        # Default of the records that one person may read in a day before coordinators are told [A]:
        # as many as a day's work on a country's queue takes. Reading more suggests that the person
        # is copying the records (P56).
        100,
        description="Different records that the public does not see which one person reads in a "
        "day before who coordinates is told.",
    )
    reading_restricted_per_day: PositiveInt = Field(
        10,
        description="Readings of restricted records by one person in a day before who coordinates "
        "is told.",
    )
    trusted_proxy: str = Field(
        "",
        description="Addresses or networks of proxies in front, by commas: their X-Forwarded-For "
        "and X-Forwarded-Proto are believed.",
    )
    cors_origins: str = Field(
        "",
        description="Origins of other sites whose pages may send tokens and changes too, by "
        "commas, such as https://map.example.org; never with cookies. What anybody may read, "
        "pages of any site read.",
    )
    oidc_issuer: AnyHttpUrl | None = Field(
        None, description="Issuer of an OpenID Connect provider for web sign-in."
    )
    oidc_client_id: str | None = Field(None, description="Our client id at that provider.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="Our client secret at that provider."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, smtp://USER:PASSWORD@HOST:PORT or smtps://…; unset: no e-mail.",
    )
    mail_from: str | None = Field(None, description="Address that e-mail comes from.")
    audit_anchor_file: Path | None = Field(
        None,
        description="File that the head of the audit chain is added to once a day, best where "
        "nobody who can write the database can; default: anchors.jsonl in AMPARO_HOME.",
    )
    audit_anchor_email: str | None = Field(
        None,
        max_length=254,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="Address that the head of the audit chain is sent to once a day.",
    )
    overpass_url: AnyHttpUrl = Field(
        AnyHttpUrl("https://overpass-api.de/api"),
        description="Overpass server of `amparo roads fetch`, without /interpreter.",
    )
    overpass_rate_limit: bool = Field(
        True, description="Ask that server's /status for a free slot first, as public ones wish."
    )
    nominatim_url: AnyHttpUrl = Field(
        AnyHttpUrl("https://nominatim.openstreetmap.org/"),
        description="Nominatim server by which `amparo roads fetch` finds a place.",
    )
    roads_contact: str | None = Field(
        None,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Address or e-mail that those servers are told, as their rules of use wish.",
    )
    webhook_allow_private: bool = Field(
        False, description="Let webhooks reach this machine and its private networks."
    )
    confirm_link_days: int = Field(
        14, ge=1, le=90, description="Days for which a reconfirmation link waits for its answer."
    )
    access_m: PositiveInt = Field(
        1_000, description="How far from a route a space may lie to support it (on foot)."
    )
    detour_factor: float = Field(
        3.0,
        ge=1,
        description="A way that takes more than so many times the open way is refused with what "
        "closed it, unless it is asked for all the same.",
    )
    detour_min_extra_s: NonNegativeInt = Field(
        86_400, description="And more than so many seconds more: a day."
    )
    ceiling_factor: float = Field(
        20.0,
        ge=1,
        description="A way longer than so many times the straight line is refused as not "
        "reasonable, unless it is asked for all the same.",
    )
    ceiling_min_s: NonNegativeInt = Field(
        172_800, description="And that takes more than so many seconds: two days."
    )
    coverage_every_s: NonNegativeInt = Field(
        # Default of the seconds between two checks for changes [A]: the map shows a new gap a
        # minute after a closure, and a check that finds no change costs one short query.
        60,
        description="Seconds between two looks at whether the layers of gaps along corridors and "
        "of access times have to be computed anew; 0: by `amparo upkeep` alone.",
    )
    near_m: PositiveInt = Field(
        # Default of the distance up to which a space is called near [A]: the search radius of
        # matching, four days on foot.
        100_000,
        description="How far a space may lie to be called near, in a straight line; what is "
        "farther is told as beyond.",
    )
    isochrone_locations: PositiveInt = Field(
        # The default number of locations is the limit of openrouteservice's public server.
        5,
        description="Most locations of a request for isochrones.",
    )
    isochrone_range_s: PositiveInt = Field(
        # Default of the longest range of isochrones in seconds [A]: four hours are a morning's
        # walk, or one way of a day's drive to a hospital and back.
        14_400,
        description="Longest range of isochrones by time, seconds.",
    )
    isochrone_range_m: PositiveInt = Field(
        # Default of the longest range of isochrones in metres [A]: what a car covers on poor roads
        # within the longest range in seconds.
        100_000,
        description="Longest range of isochrones by length, metres.",
    )
    isochrone_spaces: PositiveInt = Field(
        # Default of the most spaces in a request for isochrones around spaces [A]: no city has as
        # many public spaces with the same service.
        200,
        description="Most spaces that isochrones are drawn around at once.",
    )
    matrix_cells: PositiveInt = Field(
        # Default of the most cells of a matrix [A]: 100 by 100 places take a tenth of a second, and
        # 150 kB as JSON.
        10_000,
        description="Most pairs of locations of a matrix.",
    )
    population_raster: Path | None = Field(
        None,
        description="Raster of people per cell by which people near corridors are counted, best "
        "one with tiles; default: the populations of towns.",
    )
    walk_from: time = Field(time(6), description="Start of the walking day, local time.")
    walk_until: time = Field(time(18), description="End of the walking day, local time.")
    hotline: str | None = Field(
        None, description="What to call for protected services; shown where these are asked for."
    )
    incident_contact: str | None = Field(
        None, description="Whom to tell about a data incident; shown on the page and landing page."
    )
    allow_demo_public: bool = Field(
        False, description="Allow binding beyond loopback while demo rows are loaded."
    )
    basemap_at_start: bool = Field(
        True, description="Build the basemap beside the start where there is none."
    )
    allow_demo_mixed: bool = Field(False, description="Allow demo and real rows side by side.")

    @field_validator(
        "database_url",
        "database_url_public",
        "database_url_partner",
        "database_url_staff",
        "database_url_writer",
        "database_url_listen",
    )
    @classmethod
    def _is_of_postgresql(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        try:
            url = make_url(secret.get_secret_value())
            is_fit = bool(_DRIVER.fullmatch(url.drivername) and _HOST.fullmatch(url.host or ""))
        except (ArgumentError, ValueError):
            is_fit = False
        if not is_fit:
            msg = (
                "is not postgresql://USER:PASSWORD@HOST:PORT/DATABASE, in which a user or password "
                "with @, : or / has %40, %3A or %2F"
            )
            raise ValueError(msg)
        return secret

    @field_validator("trusted_proxy")
    @classmethod
    def _is_of_networks(cls, value: str) -> str:
        try:
            _networks(value)
        except ValueError:
            msg = "is not addresses or networks by commas, such as 10.0.0.7, fd00::/64"
            raise ValueError(msg) from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _is_of_origins(cls, value: str) -> str:
        if not all(_ORIGIN.fullmatch(origin) for origin in _parts(value)):
            msg = "is not origins by commas: scheme, host and port, as https://map.example.org"
            raise ValueError(msg)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_of_a_mail_server(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            try:
                parts = urlsplit(secret.get_secret_value())
                is_fit = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname)
                is_fit = is_fit and parts.port != 0
            except ValueError:
                is_fit = False
            if not is_fit:
                msg = "is not smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
                raise ValueError(msg)
        return secret

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Self:
        if (self.smtp_url is None) != (self.mail_from is None):
            msg = "AMPARO_SMTP_URL and AMPARO_MAIL_FROM go together"
            raise ValueError(msg)
        if self.audit_anchor_email is not None and self.smtp_url is None:
            msg = "AMPARO_AUDIT_ANCHOR_EMAIL needs AMPARO_SMTP_URL"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        parts = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(parts) and not all(parts):
            msg = (
                "AMPARO_OIDC_ISSUER, AMPARO_OIDC_CLIENT_ID and AMPARO_OIDC_CLIENT_SECRET go "
                "together"
            )
            raise ValueError(msg)
        issuer = self.oidc_issuer
        if issuer is not None and issuer.scheme != "https" and not is_loopback(issuer.host or ""):
            msg = "AMPARO_OIDC_ISSUER must be https: what it says decides who is let in"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _walking_day_is_a_day(self) -> Self:
        if self.walk_from >= self.walk_until:
            msg = "AMPARO_WALK_FROM must be earlier than AMPARO_WALK_UNTIL"
            raise ValueError(msg)
        return self

    @property
    def is_factor_required(self) -> bool:
        """Whether people with rights to decide or hide need a second factor."""
        return self.second_factor == "required"

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Allow-list of origins of other sites, for CORS."""
        return _parts(self.cors_origins)

    @property
    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks of proxies whose forwarding headers are trusted."""
        return _networks(self.trusted_proxy)

    @property
    def walker(self) -> Profile:
        """Walking profile: an adult, within the configured hours."""
        return replace(ADULT, window_start=self.walk_from, window_end=self.walk_until)

    @property
    def may_show_demo(self) -> bool:
        """Whether demo rows may be served: on a loopback address, or if a setting allows (P35)."""
        return self.allow_demo_public or is_loopback(self.host)

    @property
    def graphs_dir(self) -> Path:
        """Folder of the road graphs, one directory per region."""
        return self.home / "graphs"

    @property
    def sources_dir(self) -> Path:
        """Folder of downloads for imports: answers of Overpass, extracts, heights."""
        return self.home / "sources"

    @property
    def basemap_path(self) -> Path:
        """File of the basemap."""
        return self.home / "basemap.pmtiles"

    @property
    def socket_dir(self) -> Path:
        """Folder of the private cluster's unix socket, specific to user and home folder.

        A unix socket's path is limited to 107 bytes, hence the temporary folder and a hash.
        """
        digest = sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"amparo-{os.geteuid()}-{digest}"
