"""Printable page of a municipality's list, without scripts, in five languages."""

from collections.abc import Callable

from app.i18n.translation import words
from app.page_models import renderer
from app.page_models.frames import PageFrame
from app.texts import list_sheet, print_text
from app.texts.list_sheet import Sheet


def render_list(sheet: Sheet, frame: PageFrame, lang: str, here: Callable[..., str]) -> str:
    """Render the printable list of a municipality.

    Parameters
    ----------
    lang
        Key of `app.i18n.LANGUAGES`.
    here
        Function that returns the URL of this list in a language and, optionally, in a format.
    """
    w = words(lang)
    return renderer.render_open(
        "list",
        frame,
        lang,
        sheet=sheet,
        here=here,
        nothing=list_sheet.nothing(w),
        help_heading=print_text.help_heading(w),
        complaints_heading=print_text.complaints_heading(w),
        newest=list_sheet.newest(w, sheet),
        originals=print_text.originals(w),
    )
