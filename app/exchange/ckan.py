"""Client of CKAN's Action API 3: checks a token's rights, stores a dataset, uploads counts."""

import re
from collections.abc import Mapping
from typing import Any, Final

from app.exchange.dataset import COUNTS
from app.exchange.errors import ExchangeError, TooMuchAccessError
from app.exchange.json_client import JsonClient
from app.exchange.released import ReleasedCounts

_OK: Final = 200
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409


class CkanSite:
    """A CKAN site as one organisation's editor sees it.

    Parameters
    ----------
    client
        Client with the editor's token.
    organization
        Name of the organisation that owns the dataset.
    """

    def __init__(self, client: JsonClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    async def require_one_organization(self) -> None:
        """Refuse a token that is more than an editor's of this one organisation.

        If an accepted token leaks, it can change the links of one organisation, and nobody else's
        data.

        Raises
        ------
        TooMuchAccessError
            The token may edit other organisations, or administer this one or the whole site.
        ExchangeError
            The token may not edit this organisation, or the site does not answer as documented.
        """
        # CKAN before 2.10 refuses user_show without a name (409). There, a site administrator is
        # recognised below, by the organisations listed.
        user = await self._found("user_show", {}, unless=(_NOT_FOUND, _CONFLICT))
        if user is not None and user.get("sysadmin"):
            msg = "the token is a site administrator's: use one of an editor of your organisation"
            raise TooMuchAccessError("may_do_more", msg)
        # To a site administrator, CKAN lists every organisation here.
        answer = await self._asked("organization_list_for_user", {"permission": "update_dataset"})
        if not isinstance(answer, list) or not all(isinstance(one, Mapping) for one in answer):
            raise _unexpected()
        if any(one.get("name") != self._organization for one in answer):
            msg = (
                f"the token may edit {len(answer)} organisations: use one of an account that is an "
                "editor of yours alone"
            )
            raise TooMuchAccessError("sees_more", msg, count=len(answer))
        if not answer:
            msg = f"the token may not edit datasets of {self._organization}"
            raise ExchangeError("lacks_permission", msg)
        if answer[0].get("capacity") != "editor":
            msg = (
                "the token's account has another role than editor in the organisation: as an "
                "administrator it could remove people and datasets"
            )
            raise TooMuchAccessError("may_do_more", msg)

    async def dataset(self, name: str) -> Mapping[str, Any] | None:
        """Return a dataset, or None if there is none of this name.

        Raises
        ------
        ExchangeError
            The dataset of this name belongs to another organisation.
        """
        found = await self._found("package_show", {"id": name})
        owner = found.get("organization") if found is not None else None
        if found is not None and (
            not isinstance(owner, Mapping) or owner.get("name") != self._organization
        ):
            msg = "a dataset of this name belongs to another organisation"
            raise ExchangeError("of_others", msg)
        return found

    async def store(self, dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a dataset, or change the one whose ``id`` it has, and return it."""
        action = "package_update" if "id" in dataset else "package_create"
        return _object(await self._asked(action, dataset))

    async def upload(self, dataset: Mapping[str, Any], released: ReleasedCounts) -> None:
        """Upload released counts to a dataset; they replace counts uploaded before.

        Raises
        ------
        TypeError
            ``released`` is no `ReleasedCounts`: nothing else may be uploaded.
        """
        if type(released) is not ReleasedCounts:
            msg = "only released counts are uploaded"
            raise TypeError(msg)
        earlier = [one for one in dataset.get("resources") or () if one.get("name") == COUNTS]
        target = {"id": str(earlier[0]["id"])} if earlier else {}
        await self._asked(
            "resource_update" if earlier else "resource_create",
            {
                **target,
                "package_id": str(dataset["id"]),
                "name": COUNTS,
                "format": "CSV",
                "description": "People counted at places in a week: rounded, late, and never few.",
                "resource_type": "file.upload",
                "url_type": "upload",
            },
            file=("released-counts.csv", released.as_csv(), "text/csv"),
        )

    async def _found(
        self, action: str, stated: Mapping[str, Any], *, unless: tuple[int, ...] = (_NOT_FOUND,)
    ) -> Mapping[str, Any] | None:
        """Return the result of an action, or None if the HTTP status is one of ``unless``."""
        status, answer = await self._client.post(f"/api/3/action/{action}", json=stated)
        return None if status in unless else _object(_result(action, status, answer))

    async def _asked(
        self,
        action: str,
        stated: Mapping[str, Any],
        file: tuple[str, bytes, str] | None = None,
    ) -> Any:  # noqa: ANN401 - any JSON
        path = f"/api/3/action/{action}"
        if file is None:
            return _result(action, *await self._client.post(path, json=stated))
        return _result(action, *await self._client.post(path, data=stated, file=file))


def _result(action: str, status: int, answer: object) -> Any:  # noqa: ANN401 - any JSON
    """Return the member ``result`` of an action's answer.

    The error about a refusal names the fields of CKAN's own error, and none of its texts, which
    may repeat values.
    """
    said = answer if isinstance(answer, Mapping) else {}
    if status == _OK and said.get("success") is True:
        return said.get("result")
    error = said.get("error")
    fields = sorted(
        name
        for name in (error if isinstance(error, Mapping) else {})
        if isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name)
    )
    which = f": {', '.join(fields)}" if fields else ""
    raise ExchangeError("refused", f"CKAN refuses {action} (status {status}){which}", status=status)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _unexpected()
    return value


def _unexpected() -> ExchangeError:
    return ExchangeError("unexpected", "the server does not answer as CKAN's Action API 3 does")
