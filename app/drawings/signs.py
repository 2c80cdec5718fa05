"""Pictograms of services, amenities and actions, for pages of the server and scripts on the phone.

A pictogram is never shown without its word. Protected services must not have a pictogram (P38), nor
must violence, abduction, police or roadblocks (P36).
"""

from collections.abc import Mapping
from typing import Final

#: Files of `svg/` that stand for services, by code of the service. A service without one is shown
#: by its word alone.
SERVICES: Final[Mapping[str, str]] = {
    "overnight": "hospital-bed",
    "food": "food",
    "drinking_water": "potable-water",
    "health": "health-worker",
    "toilets": "toilet",
    "showers": "shower",
    "information": "own-information",
    "legal_advice": "rule-of-law-and-justice",
    "hygiene": "handwashing",
    "non_food_items": "clothing",
    "psychosocial_support": "favourite",
    "child_protection": "children",
    "connectivity": "internet",
    "charging": "power-electricity",
    "family_links": "group",
    "transport_information": "bus",
    "referral": "own-signpost",
}

#: Files of `svg/` that stand for amenities of a space, by code of the amenity.
AMENITIES: Final[Mapping[str, str]] = {
    "toilets": "toilet",
    "toilets_by_gender": "communal-latrine",
    "drinking_water": "potable-water",
    "showers": "shower",
    "washing_place": "handwashing",
    "charging": "power-electricity",
    "wifi": "internet",
    "telephone": "mobile-phone",
    "kitchen": "food",
    "private_room": "meeting",
    "breastfeeding_room": "infant",
    "play_area": "children",
    "lockers": "own-lock",
    "step_free": "people-with-physical-impairments",
}

#: Files of `svg/` for buttons, by the action of the button.
ACTIONS: Final[Mapping[str, str]] = {
    "call": "own-call",
    "message": "own-message",
    "way": "location",
    "listen": "own-listen",
    "stop": "own-stop",
}

CREDIT: Final = "Humanitarian icons: UN OCHA"
"""Credit line of the pictograms, shown with the other sources."""
