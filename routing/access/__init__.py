"""How long it takes from everywhere to the nearest of some places, as tables and as rasters."""
