"""What a phone takes along: spaces, crossings, hazards, lines and roads, all of them public."""
