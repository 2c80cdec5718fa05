"""Client of KoboToolbox's API v2: checks an account's rights, reads questions and submissions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from app.exchange.errors import ExchangeError, TooMuchAccessError
from app.exchange.json_client import JsonClient
from geo.sources.ledger import Position
from geo.sources.survey_form import ID, Question, questions_of
from geo.sources.taking import Reading

#: Permissions on the form that an account must have; any further one is refused.
NEEDED: Final = frozenset({"view_asset", "view_submissions"})


class KoboForm:
    """One form of a KoboToolbox server.

    Parameters
    ----------
    client
        Client with the account's token.
    asset
        The form's uid.
    """

    def __init__(self, client: JsonClient, asset: str) -> None:
        self._client = client
        self._asset = asset
        self._path = f"/api/v2/assets/{asset}"

    async def require_view_only(self) -> None:
        """Refuse an account that may do more than view this form, or that sees another form.

        If the token of an accepted account leaks, it opens this form only, which has public facts
        about spaces.

        Raises
        ------
        TooMuchAccessError
            The account has too many rights; the error names the permission, or the number of forms.
        ExchangeError
            The account lacks a permission, or the server does not answer as documented.
        """
        me = _member(await self._client.get("/me/", format="json"), "username", str)
        listed = await self._client.get("/api/v2/assets/", format="json", limit=2)
        count = _member(listed, "count", int)
        assignments = await self._client.get(f"{self._path}/permission-assignments/", format="json")
        if isinstance(assignments, Mapping):
            assignments = assignments.get("results")
        held = {
            _last(one.get("permission"))
            for one in _objects(assignments)
            if _last(one.get("user")) == me
        }
        if excess := sorted(held - NEEDED):
            names = ", ".join(name[:40] for name in excess)
            msg = (
                f"the account may do more than view this form ({names}): share the form with a "
                "dedicated account, with 'View form' and 'View submissions' and nothing else"
            )
            raise TooMuchAccessError("may_do_more", msg, permissions=names)
        if count > 1:
            msg = (
                f"the account sees {count} forms: it may see this one alone. Make a dedicated "
                "account and share only this form with it"
            )
            raise TooMuchAccessError("sees_more", msg, count=count)
        if lacking := sorted(NEEDED - held):
            msg = f"the account lacks {', '.join(lacking)} on this form: share it with the account"
            raise ExchangeError("lacks_permission", msg)

    async def questions(self) -> dict[str, Question]:
        """Return the questions of the form, by path.

        Raises
        ------
        TooMuchAccessError
            The account has rights on the form beyond those shared with it, such as a superuser's.
        ExchangeError
            The server does not answer as documented.
        """
        asset = await self._client.get(f"{self._path}/", format="json")
        effective = {
            one.get("codename")
            for one in _objects(_member(asset, "effective_permissions", list, []))
        }
        if effective - NEEDED:
            msg = "the account may do more than view this form, whatever was shared with it"
            raise TooMuchAccessError("may_do_more", msg)
        content = _member(asset, "content", dict)
        return questions_of(_objects(content.get("survey")))

    async def read(self, asked: Sequence[str], position: Position, most: int) -> Reading:
        """Return new submissions, and old ones to check for changes; together at most ``most``.

        A sweep reads all old submissions again over several runs, each going on where the last one
        ended. Answers to other questions than ``asked`` are neither requested nor kept.
        """
        new = await self._submissions(asked, {"$gt": position.highest_id}, most)
        room, swept = most - len(new), list[dict[str, Any]]()
        if room and position.highest_id:
            between = {"$gt": position.sweep_after, "$lte": position.highest_id}
            swept = await self._submissions(asked, between, room)
        return Reading(
            submissions=[*swept, *new],
            position=Position(
                highest_id=new[-1][ID] if new else position.highest_id,
                sweep_after=swept[-1][ID] if swept else position.sweep_after,
                sweep=position.sweep,
            ),
            ends=len(swept) < room,
        )

    async def _submissions(
        self, asked: Sequence[str], ids: Mapping[str, int], most: int
    ) -> list[dict[str, Any]]:
        answer = await self._client.get(
            f"{self._path}/data.json",
            fields=_dumped([ID, *asked]),
            query=_dumped({ID: ids}),
            sort=_dumped({ID: 1}),
            start=0,
            limit=most,
        )
        found = _objects(_member(answer, "results", list))
        numbers = [one.get(ID) for one in found]
        # Check that the server respected order and limit: otherwise the stored position would skip
        # submissions.
        is_next = all(isinstance(n, int) and n > ids["$gt"] for n in numbers)
        if not is_next or numbers != sorted(set(numbers)) or len(numbers) > most:  # type: ignore[type-var]  # numbers by then
            raise _unexpected()
        return [{name: one.get(name) for name in (ID, *asked)} for one in found]


def _dumped(value: object) -> str:
    return orjson.dumps(value).decode()


def _last(address: object) -> str:
    """Return the last part of the address by which Kobo names a user or a permission."""
    return str(address or "").rstrip("/").rpartition("/")[2]


def _objects(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise _unexpected()
    return value


def _member[T](value: object, name: str, kind: type[T], default: T | None = None) -> T:
    found = value.get(name, default) if isinstance(value, Mapping) else None
    if not isinstance(found, kind):
        raise _unexpected()
    return found


def _unexpected() -> ExchangeError:
    return ExchangeError("unexpected", "the server does not answer as KoboToolbox's API v2 does")
