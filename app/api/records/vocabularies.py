"""``GET /vocabularies``: terms of the records' vocabularies, named in five languages."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from app.access.dependencies import SessionDep
from app.http.etags import NOT_MODIFIED, kept_response
from app.http.problems import problem_responses
from app.schemas.fields import LanguageCode
from geo.models import VocabularyName
from geo.text.languages import LANGUAGES
from geo.vocabulary import NamedTerm, named_terms

router = APIRouter(tags=["spaces"])


@router.get("/vocabularies", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def vocabularies(
    request: Request,
    session: SessionDep,
    lang: Annotated[LanguageCode, Query(description="Language of `name`.")] = "es",
    vocabulary: Annotated[VocabularyName | None, Query(description="Only this one.")] = None,
) -> Response:
    """Return kinds of space, services and the other terms, in the order of the lists.

    `name` is in `lang` where the term has a name there, else in Spanish; `language` says which.
    `reviewed` tells whether a person has read it in that language (P47). A term that is not
    `active` is used by older records only. Protected terms are not listed (P38).
    """
    terms = await named_terms(session, lang, vocabulary)
    body = {
        "languages": list(LANGUAGES),
        "vocabularies": {
            name: [_term(term) for term in terms if term.vocabulary == name]
            for name in dict.fromkeys(term.vocabulary for term in terms)
        },
    }
    return kept_response(request, orjson.dumps(body), "application/json")


def _term(term: NamedTerm) -> dict[str, object]:
    return {
        "code": term.code,
        "parent": term.parent_code,
        "name": term.name,
        "language": term.language,
        "reviewed": term.reviewed,
        "names": term.names,
        "active": term.active,
        "validity_days": term.validity_days,
    }
