"""Offline packs for phones: spaces, crossings, hazards, phone lines and roads, public data only."""
