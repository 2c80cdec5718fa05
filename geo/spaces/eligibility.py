"""Eligibility of a person for spaces: hard filters with their reasons, and doubts.

A filter is a condition that the provider states, or a fact about the space. A wish of the person
who asks is no filter: a space where nobody is known to speak the asker's language stays a possible
destination.

A need does not contain nationality, religion or colour, so eligibility cannot depend on them (P26).
The module does not access the database.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from geo.hours.openings import local_instant, zone
from geo.hours.space_hours import NIGHT_FROM, NIGHT_TO, Hours, hours_of

#: Code of the service that offers a place to sleep.
NIGHT_SERVICE = "overnight"

#: Age in years from which a person is an adult (Convention on the Rights of the Child, article 1).
ADULT_AGE = 18


class Refusal(StrEnum):
    """Reason why a space cannot serve a person, in the order in which reasons are checked."""

    EXPIRED = "expired"
    NOT_ACTIVE = "not_active"
    NO_SERVICE = "no_service"
    CLOSED = "closed_on_arrival"
    HOURS_NOT_KNOWN = "hours_not_known"
    LAST_ENTRY = "after_last_entry"
    AGE = "age"
    GENDER = "gender"
    FAMILIES_ONLY = "families_only"
    CHILDREN_ALONE = "children_alone"
    DOCUMENTS = "documents"
    FULL = "full"
    REFERRAL_ONLY = "referral_only"


#: Reasons about opening hours, which waiting or a telephone call may resolve. A space with only
#: these reasons is named to the asker when no space fits.
OF_HOURS = frozenset({Refusal.CLOSED, Refusal.HOURS_NOT_KNOWN, Refusal.LAST_ENTRY})


class Doubt(StrEnum):
    """Unknown fact that may keep a person from being served; worth a call before going there."""

    AGE = "age"
    CHILDREN_AGE = "children_age"
    GENDER = "gender"
    FAMILIES_ONLY = "families_only"
    CHILDREN_ALONE = "children_alone"
    COMPANY = "company"
    DOCUMENTS = "documents"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Need:
    """Need of a person (the asker) or the asker's group, as far as stated; None means not stated.

    Attributes
    ----------
    services : tuple of str
        Codes of the services needed, all of them at one space.
    age : int or None
        Age of the asker in years.
    gender : str or None
        Gender of the asker, a term of the vocabulary ``gender``.
    children : int or None
        Number of children travelling with the asker.
    people : int or None
        Size of the group, the asker included.
    is_alone : bool
        Whether the asker is a child without an adult.
    languages : frozenset of str
        ISO 639 codes of the languages that the asker speaks, any of which will do; empty means not
        stated. A wish, not a filter.
    documents : frozenset of str or None
        Documents that the asker holds, terms of the vocabulary ``document``; empty means none.
    """

    services: tuple[str, ...] = ()
    age: int | None = None
    gender: str | None = None
    children: int | None = None
    people: int | None = None
    is_alone: bool = False
    languages: frozenset[str] = frozenset()
    documents: frozenset[str] | None = None

    @property
    def is_for_night(self) -> bool:
        """Whether the needed services include a place to sleep."""
        return NIGHT_SERVICE in self.services

    @property
    def of_a_visit(self) -> "Need":
        """Need of the same people at a referral point: without services and documents."""
        return replace(self, services=(), documents=None)

    @property
    def is_maybe_alone(self) -> bool:
        """Whether the asker is a child and has not stated whether an adult comes along."""
        is_child = self.age is not None and self.age < ADULT_AGE
        return is_child and not self.is_alone and self.people is None

    @property
    def is_family(self) -> bool | None:
        """Whether the asker travels with other people; None if not stated."""
        if self.is_alone:
            return False
        if (self.children or 0) > 0 or (self.people or 0) > 1:
            return True
        return None if self.people is None else False


@dataclass(frozen=True, slots=True)
class Candidate:
    """Space with the columns of `geo.db.views.spaces` that eligibility depends on."""

    id: str
    country: str
    status: str
    access: str
    services: frozenset[str]
    timezone: str
    hours: Hours
    minimum_age: int | None
    maximum_age: int | None
    genders: frozenset[str] | None
    families_only: bool
    children_alone: str
    documents_required: frozenset[str] | None
    languages: frozenset[str]
    capacity: str
    capacity_updated: datetime | None
    assured_on: date
    expires_on: date
    referral_points: tuple[str, ...]

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "Candidate":
        """Build a candidate from a row of the view of spaces of any reading tier."""
        genders, documents = row["genders"], row["documents_required"]
        return cls(
            id=row["id"],
            country=row["country"],
            status=row["status"],
            access=row["access"],
            services=frozenset(row["services"]),
            timezone=row["timezone"],
            hours=hours_of(row),
            minimum_age=row["minimum_age"],
            maximum_age=row["maximum_age"],
            genders=None if genders is None else frozenset(genders),
            families_only=row["families_only"],
            children_alone=row["children_alone"],
            documents_required=None if documents is None else frozenset(documents),
            languages=frozenset(row["languages"]),
            capacity=row["capacity"],
            capacity_updated=row["capacity_updated"],
            assured_on=row["assured_on"],
            expires_on=row["expires_on"],
            referral_points=tuple(row["referral_points"]),
        )


def refusals(need: Need, space: Candidate, arrival: datetime) -> tuple[Refusal, ...]:
    """Return every reason why a space cannot serve a need, in the order of `Refusal`.

    Parameters
    ----------
    need : Need
        Services needed, and the people who need them.
    space : Candidate
        Space that is visible to the asker.
    arrival : datetime
        Time of arrival, aware. Opening hours are not checked for a space that only takes referred
        people, because they come at an agreed time.
    """
    against = lasting_refusals(need, space)
    day = arrival.astimezone(zone(space.timezone)).date()
    if not space.assured_on <= day <= space.expires_on:
        against.add(Refusal.EXPIRED)
    if space.access == "open":
        by_hours = _hours_refusal(need, space, arrival)
        if by_hours is not None:
            against.add(by_hours)
    return tuple(one for one in Refusal if one in against)


def lasting_refusals(need: Need, space: Candidate) -> set[Refusal]:
    """Return the refusals that do not depend on the date: all but those by hours and expiry."""
    against = {*_personal_refusals(need, space)}
    if space.status not in {"active", "full"}:
        against.add(Refusal.NOT_ACTIVE)
    if not space.services.issuperset(need.services):
        against.add(Refusal.NO_SERVICE)
    if space.status == "full" or space.capacity == "full":
        against.add(Refusal.FULL)
    if space.access != "open":
        against.add(Refusal.REFERRAL_ONLY)
    return against


def _hours_refusal(need: Need, space: Candidate, arrival: datetime) -> Refusal | None:
    if need.is_for_night:
        night = night_of(space, arrival)
        if not space.hours.covers_night(night):
            return _closed_or_not_known(space, night)
        # A person who arrives before opening time can wait; a person who arrives while the space is
        # open, but after the last entry, is not let in.
        is_late = space.hours.is_open(arrival) and not space.hours.admits(arrival)
        return Refusal.LAST_ENTRY if is_late else None
    if space.hours.admits(arrival):
        return None
    if space.hours.is_open(arrival):
        return Refusal.LAST_ENTRY
    state = space.hours.status_at(arrival).state
    return Refusal.HOURS_NOT_KNOWN if state == "not_known" else Refusal.CLOSED


def _closed_or_not_known(space: Candidate, night: date) -> Refusal:
    """Return why a space does not cover a night: closed, or hours not known on a holiday (P32)."""
    evening = local_instant(datetime.combine(night, NIGHT_FROM), space.timezone)
    is_doubtful = space.hours.status_at(evening).state == "not_known"
    if is_doubtful or space.hours.covers_night(night, certainly=False):
        return Refusal.HOURS_NOT_KNOWN
    return Refusal.CLOSED


def night_of(space: Candidate, arrival: datetime) -> date:
    """Return the local day on whose evening the night begins that an arriving person needs.

    A person who arrives before `NIGHT_TO` in the morning needs the night of the day before.
    """
    local = arrival.astimezone(zone(space.timezone))
    return local.date() - timedelta(days=local.time() < NIGHT_TO)


def _personal_refusals(need: Need, space: Candidate) -> Iterator[Refusal]:
    if _age_is_wrong(need, space):
        yield Refusal.AGE
    if space.genders is not None and need.gender is not None and need.gender not in space.genders:
        yield Refusal.GENDER
    if space.families_only and need.is_family is False:
        yield Refusal.FAMILIES_ONLY
    if need.is_alone and space.children_alone == "no":
        yield Refusal.CHILDREN_ALONE
    if need.documents is not None and (space.documents_required or frozenset()) - need.documents:
        yield Refusal.DOCUMENTS


def _age_is_wrong(need: Need, space: Candidate) -> bool:
    youngest, oldest = space.minimum_age, space.maximum_age
    has_children = (need.children or 0) > 0
    if has_children and youngest is not None and youngest >= ADULT_AGE:
        return True
    if need.age is None:
        return False
    if youngest is not None and need.age < youngest:
        return True
    # A space for children only does not refuse an older asker who comes with children.
    is_for_them = has_children and oldest is not None and oldest < ADULT_AGE
    return oldest is not None and need.age > oldest and not is_for_them


def doubts(need: Need, space: Candidate) -> tuple[Doubt, ...]:
    """Return the unknown facts about a space that has passed all filters (`refusals` is empty)."""
    return tuple(_doubts(need, space))


def _doubts(need: Need, space: Candidate) -> Iterator[Doubt]:
    has_limits = space.minimum_age is not None or space.maximum_age is not None
    if has_limits and need.age is None:
        yield Doubt.AGE
    # A need states the number of children, not their ages, so an age limit is always in doubt.
    if (need.children or 0) > 0 and (
        (space.minimum_age or 0) > 0
        or (space.maximum_age is not None and space.maximum_age < ADULT_AGE)
    ):
        yield Doubt.CHILDREN_AGE
    if space.genders is not None and need.gender is None:
        yield Doubt.GENDER
    if space.families_only and need.is_family is None:
        yield Doubt.FAMILIES_ONLY
    if need.is_alone and space.children_alone != "yes":
        yield Doubt.CHILDREN_ALONE
    # A child who did not state whether an adult comes along may be alone.
    if need.is_maybe_alone and space.children_alone != "yes":
        yield Doubt.COMPANY
    if space.documents_required is None and need.documents is not None:
        yield Doubt.DOCUMENTS
    if space.documents_required and need.documents is None:
        yield Doubt.DOCUMENTS
    # A missing language is only a doubt: a provider that states only Spanish may still have a
    # colleague who speaks another language.
    if need.languages and not need.languages & space.languages:
        yield Doubt.LANGUAGE
