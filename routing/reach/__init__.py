"""Isochrones (areas within reach of some places) and matrices (times between many places)."""
