"""Endpoints that answer in JSON, GeoJSON, tiles and files: thin, one module per resource."""
