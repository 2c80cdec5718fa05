"""Meanings of columns: one line for each name, for all layers that have it.

Where a layer's column has another meaning, the layer's own entry states it (`Layer.words`).
"""

from collections.abc import Mapping
from typing import Final

from geo.models import ACCESS_KINDS, CROSSING_STATES, SPACE_STATUSES
from geo.records import flows
from tiles.fields import Word

_KNOWN_OR_NOT = ("yes", "no", "not_known")

WORDS: Final[Mapping[str, Word]] = {
    # Columns of every layer.
    "id": Word("Stable id, unique within the layer"),
    "name": Word("Name"),
    "demo": Word("Whether it is fictitious: do not travel there"),
    "source": Word("Where the record comes from"),
    "licence": Word("Licence of the record"),
    "expires_on": Word("Last day on which a copy may be used; null: no end is stated"),
    # Columns about the location of a feature.
    "country": Word("Country, ISO 3166-1 alpha-2"),
    "admin1": Word("Department, state or province"),
    "locality": Word("Municipality or town"),
    "address": Word("Address, in the provider's words"),
    "landmark": Word("What it is near to"),
    "road": Word("Road that it lies on"),
    "road_km": Word("Kilometre of that road", unit="km"),
    "surveyed_lon": Word("Longitude at which two people confirmed the post; null where nobody did"),
    "surveyed_lat": Word("Latitude at which two people confirmed the post; null where nobody did"),
    "surveyed_on": Word("Day on which the post was seen there"),
    "coord_precision": Word("How exact the position is: point, town or a grid's side in degrees"),
    "timezone": Word("Time zone, by IANA"),
    # Columns of the layers of spaces and their services.
    "organization_id": Word("Id of the organisation that runs it"),
    "organization": Word("Organisation that runs it"),
    "verified_member": Word("Whether the organisation is a verified member of the network"),
    "services": Word("What is offered", vocabulary="service"),
    "service": Word("What is offered", vocabulary="service"),
    "space": Word("Id of the space where it is offered"),
    "space_name": Word("Name of the space where it is offered"),
    "space_kind": Word("Kind of the space where it is offered", vocabulary="space_kind"),
    "sectors": Word("Sectors of humanitarian coordination", vocabulary="sector"),
    "languages": Word("Languages spoken, ISO 639"),
    "status": Word("As last stated, whatever the hours say", SPACE_STATUSES),
    "access": Word("Whether anybody may come, or only who was referred", ACCESS_KINDS),
    "referral_from": Word("Id of the first space that refers to it"),
    "referral_points": Word("Ids of the spaces that refer to it"),
    "eligibility": Word("For whom, in the provider's words"),
    "minimum_age": Word("Youngest age that is served", unit="a"),
    "maximum_age": Word("Oldest age that is served", unit="a"),
    "genders": Word("Who is served; null: everyone", vocabulary="gender"),
    "families_only": Word("Whether only families are served"),
    "children_alone": Word("Whether children who come alone are served", _KNOWN_OR_NOT),
    "fees": Word("What it costs, in the provider's words"),
    "fee_kind": Word("Whether it costs anything", ("free", "paid", "not_known")),
    "documents_required": Word(
        "Documents needed; empty: none; null: not known", vocabulary="document"
    ),
    "maximum_nights": Word("Longest stay, in nights"),
    "overnight": Word("Whether people can sleep there"),
    "schedules": Word("Hours as the provider states them, after RFC 5545", is_list=True),
    "exceptions": Word("Days with other hours, or none", is_list=True),
    "holidays": Word("Whether it opens on public holidays", ("open", "closed", "not_known")),
    "amenities": Word("What is there; true or false by term of the vocabulary amenity"),
    "step_free": Word("Whether it is reached without steps; null: not known"),
    "data_shared": Word("What is shared with authorities, in the provider's words"),
    "confirmed_on": Word("Day on which it was last confirmed; null for demo records"),
    "capacity": Word("Whether there is room", ("places", "full", "not_known")),
    "capacity_updated": Word("When the capacity was counted"),
    "contact": Word("How to reach it, in the provider's words"),
    "phones": Word("Public numbers, each with its type", is_list=True),
    "notice": Word("What people should know before they go"),
    # Columns of the layer of border crossings.
    "country_a": Word("One of the two countries, ISO 3166-1 alpha-2"),
    "country_b": Word("The other country, ISO 3166-1 alpha-2"),
    "state": Word("State at the moment of asking; not_known never means closed", CROSSING_STATES),
    "statuses": Word("Dated statements that the state follows from", is_list=True),
    # Columns of the layer of hazards.
    "family": Word("Of nature and the road, or of people", ("physical", "human_threat")),
    "title": Word("What it is, in words"),
    "effect": Word("Whether routes avoid it or never use it", ("weight", "exclusion")),
    "weight": Word("Factor on the cost of passing, at least 1", unit="1"),
    "event_count": Word("Events counted, where a rate is known"),
    "exposure_km": Word("Traveller-kilometres in which they were counted", unit="km"),
    "rate_source": Word("Source of that rate"),
    "night_only": Word("Whether it holds in the dark alone"),
    "valid_from": Word("When it begins to hold"),
    "valid_to": Word("When it ceases to hold; null: no end is known"),
    "published_on": Word("Day of its approval"),
    # Columns of the layer of roads.
    "region": Word("Imported region that it belongs to"),
    "osm_way_id": Word("Id of the way in OpenStreetMap; negative on a sketch"),
    "highway": Word("Class of road, by OpenStreetMap"),
    "surface": Word("Surface, by OpenStreetMap"),
    "lit": Word("Whether it is lit; null: not known"),
    "sidewalk": Word("Whether it has a pavement; null: not known"),
    "foot": Word("Whether people may walk on it"),
    "vehicle": Word("Whether vehicles may use it"),
    "oneway": Word("Whether vehicles may go one way only"),
    "ferry": Word("Whether it is a ferry"),
    "length_m": Word(
        "Length of the road, which a sketch's straight line is shorter than", unit="m"
    ),
    # Columns of the layers of boundaries and populated places.
    "level": Word("Level: 0 for a country, 1 for a first-level unit", (0, 1)),
    "code": Word("Code of the unit, ISO 3166-2 where it has one"),
    "pcode": Word("P-code of the unit in the COD-AB of OCHA, where a country kit states it"),
    "name_es": Word("Name in Spanish, where it is another than the name there"),
    "name_en": Word("Name in English, where it is another than the name there"),
    "name_pt": Word("Name in Portuguese, where it is another than the name there"),
    "name_fr": Word("Name in French, where it is another than the name there"),
    "label_lon": Word("Longitude of the place for its name", unit="deg"),
    "label_lat": Word("Latitude of the place for its name", unit="deg"),
    "zoom": Word("First zoom at which it is drawn"),
    "rank": Word("How important it is on a map: 0 is the most"),
    "population": Word("Inhabitants; 0: not known"),
    # Columns of the layer of flows (counts of people).
    "origin": Word("Where people were counted, or came from: a code"),
    "destination": Word("Where they went, of a count between two places: a code"),
    "origin_name": Word("Name of the origin"),
    "destination_name": Word("Name of the destination"),
    "week": Word("Monday of the week"),
    "direction": Word("Direction that was counted", flows.DIRECTIONS),
    "n": Word("People, rounded"),
    "method": Word("How they were counted"),
    "hours_covered": Word("Hours of the week in which somebody counted", unit="h"),
    # Columns of the layers of corridors and of gaps in support along corridors.
    "countries": Word("Countries it passes, in order, ISO 3166-1 alpha-2"),
    "places": Word("Towns along it, in order"),
    "illustrative": Word("Whether its line is a sketch, not for navigation"),
    "corridor": Word("Id of the corridor"),
    "corridor_name": Word("Name of the corridor"),
    "from_m": Word("Where it begins, measured along the corridor", unit="m"),
    "to_m": Word("Where it ends, measured along the corridor", unit="m"),
    "from_space": Word("Id of the space where it begins; null: the corridor's start"),
    "from_name": Word("Name of where it begins"),
    "to_space": Word("Id of the space where it ends; null: the corridor's end"),
    "to_name": Word("Name of where it ends"),
    "profile": Word("Who walks, by the name of the profile"),
    "computed_at": Word("When it was computed"),
    # Columns of the layer of access times.
    "town": Word("Id of the town"),
    "town_name": Word("Name of the town"),
    "month": Word("First day of the month that it is of"),
    "minutes": Word("Moving time from the town to the space, rounded up", unit="min"),
    "space_country": Word("Country of the space, ISO 3166-1 alpha-2"),
    "crossing": Word("Id of the first official crossing on the way; null within one country"),
    "network": Word("Road network that the way was found on"),
}
