"""Steps from demo data to own data, in order, each done or not, with figures.

The command line and the console show these steps, each in its own words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Role
from geo.guidance.contacts import ESSENTIAL
from geo.records import demo_rows

#: Most days since the last copy of the database [A]: no more than a week of work can be lost.
COPY_DAYS: Final = 7

#: Roles that decide on proposals.
_DECIDING: Final = (Role.APPROVER, Role.COORDINATOR)

#: Region of the road network that ships with Amparo. Other regions are imported.
_SKETCH: Final = "sketch"


@dataclass(frozen=True, slots=True)
class Step:
    """Step from demo data to own data.

    Attributes
    ----------
    key : str
        Name of the step, by which its wording is looked up.
    is_done : bool
        Whether the step needs nothing more.
    is_needed : bool
        False for a step that not every network needs.
    figures : mapping
        Numbers and short lists for the wording, never the name of a record that is not public.
    """

    key: str
    is_done: bool
    is_needed: bool = True
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> dict[str, str]:
        """Figures as texts: lists are joined, and a missing day is a dash."""
        return {name: _shown(value) for name, value in self.figures.items()}


def is_complete(steps: tuple[Step, ...]) -> bool:
    """Return whether every needed step is done."""
    return all(step.is_done for step in steps if step.is_needed)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(value)
    return "-" if value is None else str(value)


_COUNTS = text(
    """
    select
        (select count(*) from amparo.organizations where not demo) as organizations,
        (select count(*) from amparo.people where active and role = any(:deciding)
            and (password_hash is not null or oidc_subject is not null)) as deciders,
        (select count(*) from amparo.people where active) as people,
        (select count(*) from amparo.crossings where visibility = 'public') as crossings,
        (select count(*) from amparo.crossings c where c.visibility = 'public' and exists (
            select from amparo.crossing_statuses s where s.crossing_id = c.id and not s.assumption
            and s.state <> 'not_known' and s.valid_from <= :today
            and (s.valid_to is null or s.valid_to >= :today))) as crossings_known,
        (select count(*) from amparo.hazards where not demo) as hazards,
        (select count(*) from amparo.hazards where not demo and approved_at is null)
            as hazards_unapproved,
        (select count(*) from amparo.messages where not demo and state = 'reviewed') as messages,
        (select count(distinct region) from amparo.road_segments where region <> :sketch)
            as regions,
        (select count(*) from amparo.proposals where state = 'pending') as waiting
    """
)
#: Query for three numbers of own spaces (not demo) by country: all (``spaces``); public ones that
#: are neither hidden nor closed nor expired (``seen``); public ones that are not expired
#: (``public``).
_SPACES = text(
    """
    select country, count(*) as spaces,
        count(*) filter (where visibility = 'public' and hidden_at is null
            and status <> 'closed' and expires_on >= :today) as seen,
        count(*) filter (where visibility = 'public' and expires_on >= :today) as public
    from amparo.locations where not demo group by country order by country
    """
)
_LINES = text(
    """
    select country, kind from amparo.contacts
    where not demo and visibility = 'public' and admin1 is null and expires_on >= :today
    """
)


async def read_steps(
    session: AsyncSession, *, today: date, copied_on: date | None
) -> tuple[Step, ...]:
    """Return the steps with their state (writer session).

    Parameters
    ----------
    today : date
        Day on which confirmations and statements must hold.
    copied_on : date or None
        Day on which the database was last copied to a file; None if never.
    """
    values = {"today": today, "deciding": [*_DECIDING], "sketch": _SKETCH}
    n = (await session.execute(_COUNTS, values)).one()
    has_demo = await demo_rows.holds_demo(session)
    by_country = (await session.execute(_SPACES, {"today": today})).all()
    spaces, seen = (sum(getattr(row, name) for row in by_country) for name in ("spaces", "seen"))
    missing = await _missing_lines(session, [r.country for r in by_country if r.public], today)
    return (
        Step("demo", not has_demo),
        Step("organization", n.organizations > 0, figures={"count": n.organizations}),
        Step("people", n.deciders >= 1, figures={"people": n.people, "deciders": n.deciders}),
        Step("second_person", n.deciders > 1, figures={"deciders": n.deciders}),
        Step("spaces", seen > 0, figures={"spaces": spaces, "seen": seen}),
        Step(
            "crossings",
            n.crossings_known > 0,
            figures={"known": n.crossings_known, "all": n.crossings},
        ),
        Step(
            "contacts",
            not missing and seen > 0,
            figures={
                "countries": list(missing),
                "missing": [f"{code}: {', '.join(kinds)}" for code, kinds in missing.items()],
            },
        ),
        Step("messages", n.messages > 0, is_needed=False, figures={"count": n.messages}),
        Step(
            "hazards",
            n.hazards > n.hazards_unapproved == 0,
            is_needed=False,
            figures={"hazards": n.hazards, "unapproved": n.hazards_unapproved},
        ),
        Step("roads", n.regions > 0, figures={"regions": n.regions}),
        Step("queue", n.waiting == 0, is_needed=False, figures={"waiting": n.waiting}),
        Step(
            "copy",
            copied_on is not None and today - copied_on <= timedelta(days=COPY_DAYS),
            figures={"copied_on": copied_on},
        ),
    )


async def _missing_lines(
    session: AsyncSession, countries: Sequence[str], today: date
) -> dict[str, list[str]]:
    """Return the kinds of essential telephone lines that each given country lacks (P45)."""
    known = {(row.country, row.kind) for row in await session.execute(_LINES, {"today": today})}
    missing = {
        country: [kind for kind in ESSENTIAL if (country, kind) not in known]
        for country in countries
    }
    return {country: kinds for country, kinds in missing.items() if kinds}
