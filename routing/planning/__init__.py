"""Days that a party can walk: daylight, a day's reach, itineraries and where they fail."""
