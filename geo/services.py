"""The vocabulary of services that spaces offer."""

from collections.abc import Iterable

from geo.errors import ProtectedServiceError, UnknownServiceError
from geo.models import PROTECTED_SERVICES

#: Code and English name, after the sectors and services met in domain.md (sections 1 and 2).
SERVICE_NAMES = {
    "charging": "Phone charging",
    "child_protection": "Child protection",
    "connectivity": "Internet and calls",
    "drinking_water": "Drinking water",
    "family_links": "Restoring family links",
    "food": "Food",
    "health": "Health care",
    "hygiene": "Hygiene",
    "information": "Information",
    "legal_advice": "Legal advice",
    "non_food_items": "Non-food items",
    "overnight": "Overnight stay",
    "psychosocial_support": "Psychosocial support",
    "referral": "Referral",
    "showers": "Showers",
    "toilets": "Toilets",
    "transport_information": "Transport information",
}


SERVICES = tuple(SERVICE_NAMES)


def check_services(codes: Iterable[str]) -> None:
    """Refuse codes that cannot be asked for.

    Raises
    ------
    ProtectedServiceError
        A protected service: never counted, so that absence reveals nothing (P38).
    UnknownServiceError
        A code that is not in the vocabulary.
    """
    asked = list(codes)
    protected = sorted(set(asked) & set(PROTECTED_SERVICES))
    if protected:
        msg = f"protected services are not counted or searched here: {', '.join(protected)}"
        raise ProtectedServiceError(msg)
    unknown = sorted(set(asked) - set(SERVICES))
    if unknown:
        raise UnknownServiceError(unknown[0], SERVICES)
