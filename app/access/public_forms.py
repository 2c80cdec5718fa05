"""Reading of forms for everybody: without account or cookie, and without a trace of the sender.

P37 asks for anonymous reports.
"""

from collections.abc import Collection
from urllib.parse import parse_qs

from fastapi import Request

from app.exceptions import ForgedRequestError, InvalidParameterError, UnsupportedMediaTypeError

#: Default maximum length of a field's value, in characters; the name of a place is the longest.
LONGEST_FIELD = 120


class OpenForm(dict[str, list[str]]):
    """Values of a form by field."""

    def one(self, name: str) -> str:
        """Return the value of a field without surrounding blanks; "" if it was not sent."""
        return self.get(name, [""])[0].strip()

    @property
    def chosen_place(self) -> str:
        """Id of the place chosen from a list of candidates; "" if none was chosen."""
        return self.one("place_choice").removeprefix("place:")


async def read_open_form(
    request: Request,
    fields: Collection[str],
    *,
    repeated: Collection[str] = (),
    longest: int = LONGEST_FIELD,
) -> OpenForm:
    """Read the values of a form by field; fields that were not sent are absent.

    Parameters
    ----------
    fields
        Names of the allowed fields.
    repeated
        Names of allowed fields that may occur more than once.
    longest
        Maximum length of a value, in characters.

    Raises
    ------
    ForgedRequestError
        According to the browser (Fetch Metadata), another site sent the form. The check keeps other
        sites from making the phones of their visitors send reports.
    UnsupportedMediaTypeError, InvalidParameterError
        The body is not a form, or has fields other than the allowed ones.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForgedRequestError
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaTypeError
    try:
        found = parse_qs(
            (await request.body()).decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=len(fields) + 50 * len(repeated),
        )
    except ValueError as error:
        raise InvalidParameterError("body", "not a form of this page") from error
    for name, values in found.items():
        is_known = name in fields and (len(values) == 1 or name in repeated)
        if not is_known or any(len(value) > longest or "\x00" in value for value in values):
            reason = "not a field of the form, repeated or too long"
            raise InvalidParameterError("".join(filter(str.isprintable, name[:64])), reason)
    return OpenForm(found)
