"""FastAPI dependency for pages without other input: shared page data (the frame) and language."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.i18n.translation import negotiate
from app.page_models import home_filling
from app.page_models.view_models import PageFrame

PageLanguage = Annotated[str | None, Query(description="Language of the page.", max_length=35)]


@dataclass(frozen=True)
class Framed:
    """The data that every page shares (the frame), and the language of the page."""

    frame: PageFrame
    language: str


async def get_framed(
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
    lang: PageLanguage = None,
) -> Framed:
    """Read the page frame, and negotiate the language by ``lang`` or Accept-Language."""
    frame = await home_filling.frame(session, network, settings, clock())
    return Framed(frame, negotiate(lang, request.headers.get("accept-language")))


FramedDep = Annotated[Framed, Depends(get_framed)]
