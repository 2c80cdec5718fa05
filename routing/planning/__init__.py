"""Days that a party can walk from night to night, and where itineraries fail and why."""
