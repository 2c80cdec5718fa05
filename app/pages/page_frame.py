"""What a page that depends on nothing but its address asks for: its frame, and its language."""

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
    """A page's frame, and the language it is read in."""

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
    """Return the frame of a page as of now, and its language by ``lang`` or the browser's."""
    frame = await home_filling.frame(session, network, settings, clock())
    return Framed(frame, negotiate(lang, request.headers.get("accept-language")))


FramedDep = Annotated[Framed, Depends(get_framed)]
