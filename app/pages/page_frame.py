"""FastAPI dependencies of pages: shared page data (the frame), language, and sessions for forms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep, WriterDep
from app.access.public_forms import OpenForm
from app.clock import Clock
from app.i18n.translation import negotiate, stated_country
from app.page_models import home_filling
from app.page_models.view_models import PageFrame
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks

PageLanguage = Annotated[str | None, Query(description="Language of the page.", max_length=35)]


@dataclass(frozen=True)
class Framed:
    """The data that every page shares (the frame), and who reads the page.

    ``country`` is that of the browser's language tag (`stated_country`), None where it has none.
    """

    frame: PageFrame
    language: str
    country: str | None


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
    accepted = request.headers.get("accept-language")
    return Framed(frame, negotiate(lang, accepted), stated_country(accepted))


def form_language(request: Request, form: OpenForm, asked: str | None = None) -> str:
    """Choose a language: the form's field ``lang``, else ``asked``, else by Accept-Language."""
    return negotiate(form.one("lang") or asked, request.headers.get("accept-language"))


@dataclass(frozen=True)
class Posted:
    """Resources of an endpoint that stores the data of a form: sessions, networks, settings.

    Parameters
    ----------
    session
        Writer session, committed before the response is sent.
    reading
        Session of the asker's tier.
    """

    request: Request
    session: AsyncSession
    reading: AsyncSession
    network: RoadNetworks
    settings: Settings
    clock: Clock

    async def frame(self, now: datetime) -> PageFrame:
        """Read the page frame."""
        return await home_filling.frame(self.reading, self.network, self.settings, now)

    def language(self, form: OpenForm, asked: str | None = None) -> str:
        """Negotiate the language of the answer; see `form_language`."""
        return form_language(self.request, form, asked)


async def get_posted(
    request: Request,
    session: WriterDep,
    reading: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Posted:
    """Return the resources for the response to a form (FastAPI dependency)."""
    return Posted(request, session, reading, network, settings, clock)


PostedDep = Annotated[Posted, Depends(get_posted)]

FramedDep = Annotated[Framed, Depends(get_framed)]
