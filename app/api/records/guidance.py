"""Guidance for people: contacts, channels, messages, products, good practice, pathways."""

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from app.access.dependencies import ActorDep, SessionDep, WriterDep
from app.exceptions import InvalidParameterError
from app.http.etags import NOT_MODIFIED, kept_response
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.i18n import route_phrases
from geo import vocabulary
from geo.errors import ProtectedServiceError, UnknownServiceError
from geo.guidance import channels, contacts, messages, pathways, practices, products
from geo.guidance.messages import BankText
from geo.records import demo_rows

router = APIRouter(tags=["guidance"])

Country = Annotated[
    str, Query(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["CO"])
]
Unit = Annotated[
    str,
    Query(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="First-level unit, as spaces name it.",
        examples=["Norte de Santander"],
    ),
]
Code = Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}$", description="A code.")]
Lang = Annotated[str, Query(pattern="^[a-z]{2,3}$", description="ISO 639.", examples=["es"])]
Audience = Literal["people_on_the_move", "host_community", "operators", "partners"]
Kind = Literal["information", "campaign", "self_care"]
Medium = Literal[
    "radio",
    "television",
    "whatsapp",
    "sms",
    "telephone",
    "web",
    "app",
    "social_media",
    "board",
    "print",
    "in_person",
    "other",
]

#: Text of every answer about a protected service, whether or not an area has one (P38).
CONTROLLED = (
    "Por la seguridad de las personas, de esta ayuda solo se publican líneas de atención. "
    "El resto tiene acceso controlado."
)


@router.get("/contacts", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def essential_contacts(
    request: Request,
    session: SessionDep,
    country: Country | None = None,
    admin1: Unit | None = None,
) -> Response:
    """Return the essential lines of an area (P45); a kind without one is in ``not_known``.

    Without a country: the lines of every country, to be kept for when there is no network.
    """
    found = await contacts.contacts_of(session, country, admin1)
    return await _kept(
        request,
        session,
        {
            "country": country,
            "admin1": admin1,
            "contacts": found.lines,
            # Without a country no kind of contact can be missing, so none is listed.
            "not_known": [] if country is None else found.not_known,
        },
    )


@router.get("/channels", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def information_channels(
    request: Request,
    session: SessionDep,
    country: Country | None = None,
    admin1: Unit | None = None,
    medium: Medium | None = None,
) -> Response:
    """Return the information tools and channels of an area: who runs each, how it is followed.

    Those that ended, or were not checked again, are absent.
    """
    found = await channels.channels_of(session, country, admin1, medium=medium)
    return await _kept(request, session, {"country": country, "admin1": admin1, "channels": found})


@router.get("/messages", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def bank(
    request: Request,
    session: SessionDep,
    audience: Audience | None = None,
    kind: Kind | None = None,
    lang: Lang = "es",
) -> Response:
    """Return the reviewed messages in a language: guidance, campaigns and self-care.

    Where no person has reviewed one in it, the Spanish original with ``original: true`` (P47).
    """
    texts = await messages.list_messages(session, lang, audience=audience, kind=kind)
    return await _kept(
        request, session, {"lang": lang, "messages": [message_of(text) for text in texts]}
    )


@router.get("/messages/{key}", responses={**NOT_MODIFIED, **problem_responses(400, 404, 503)})
async def one_message(
    request: Request, session: SessionDep, key: str, lang: Lang = "es"
) -> Response:
    """Return one message in a language, or its Spanish original, labelled (P47)."""
    text = await messages.lookup(session, storable(key), lang)
    return await _kept(request, session, message_of(text))


@router.get("/products", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def information_products(
    request: Request,
    session: SessionDep,
    space: Code | None = None,
    lang: Lang | None = None,
    audience: Audience | None = None,
) -> Response:
    """Return reviewed information products: all, or those that a space hands out."""
    if space is not None:
        found = await products.products_for_space(session, space)
    else:
        found = await products.list_products(session, language=lang, audience=audience)
    return await _kept(request, session, {"products": found})


@router.get("/practices", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def good_practices(request: Request, session: SessionDep, space: Code) -> Response:
    """Return the reviewed notes on a space; most are for partners."""
    found = await practices.practices_at(session, space)
    return await _kept(request, session, {"practices": found})


@router.get("/pathways", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def referral_pathways(
    request: Request,
    session: SessionDep,
    need: Code,
    country: Country,
    admin1: Unit | None = None,
) -> Response:
    """Return how a need is met in an area, step by step.

    Of protected needs only the hotlines are given, whatever else there is (P3, P38).
    """
    try:
        # Protected needs pass this check and are answered below with the hotlines.
        with contextlib.suppress(ProtectedServiceError):
            await vocabulary.check_services(session, [need])
    except UnknownServiceError as error:
        raise InvalidParameterError("need", str(error)) from error
    found = await pathways.guidance_for(session, need, country, admin1)
    answer: dict[str, Any] = {
        "need": need,
        "country": country,
        "admin1": admin1,
        "protected": found.is_protected,
        "pathways": found.pathways,
    }
    if found.is_protected:
        answer |= {"access": "controlled", "note": CONTROLLED, "contacts": found.contacts}
    return await _kept(request, session, answer)


@router.get("/pathways/controlled", responses=problem_responses(400, 401, 503))
async def controlled_pathways(
    session: WriterDep, actor: ActorDep, need: Code, country: Country
) -> Response:
    """Return the restricted pathways that name the asker; each reading is audited (P31)."""
    found = await pathways.read_controlled(session, actor, need, country)
    return JSONResponse({"pathways": found}, headers={"Cache-Control": "private, no-store"})


def message_of(text: BankText) -> dict[str, Any]:
    """Return a message of the bank as JSON."""
    return {
        "key": text.key,
        "language": text.language,
        "original": text.original,
        "audience": text.audience,
        "kind": text.kind,
        "body": text.body,
        "valid_from": text.valid_from,
        "valid_to": text.valid_to,
        "demo": text.demo,
    }


def storable(key: str) -> str:
    """Return a path parameter without NUL characters, which PostgreSQL cannot store."""
    return key.replace("\0", "")


async def _kept(request: Request, session: SessionDep, answer: Mapping[str, Any]) -> Response:
    """Return a JSON response, cacheable, with the members ``demo`` and ``notice`` added (P35)."""
    has_demo = await demo_rows.has_demo(session)
    said = {"demo": has_demo, "notice": route_phrases.notice(is_demo=has_demo)}
    body = JSONResponse({**answer, **said}).body
    return kept_response(request, bytes(body), "application/json")
