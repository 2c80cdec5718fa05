"""Days that a party can walk, where itineraries fail, and how well a corridor is supported."""
