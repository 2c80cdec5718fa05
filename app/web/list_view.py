"""The page of a municipality's list: to be printed, without scripts, in five languages."""

from collections.abc import Callable

from app import handouts, list_sheets
from app.list_sheets import Sheet
from app.web import page
from app.web.frames import Frame
from app.web.i18n import words


def render_list(sheet: Sheet, frame: Frame, lang: str, here: Callable[..., str]) -> str:
    """Render a list.

    Parameters
    ----------
    lang
        Of `app.web.i18n.LANGUAGES`.
    here
        Returns the address of this list in a language and, if named, a format.
    """
    w = words(lang)
    return page.render_open(
        "list",
        frame,
        lang,
        sheet=sheet,
        here=here,
        nothing=list_sheets.nothing(w),
        help_heading=handouts.help_heading(w),
        complaints_heading=handouts.complaints_heading(w),
        newest=list_sheets.newest(w, sheet),
        originals=handouts.originals(w),
    )
