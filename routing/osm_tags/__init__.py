"""Meaning of OpenStreetMap's tags of ways and nodes: passage by mode and direction, road surface.

It imports nothing of `routing`; `graph` and the packages above `graph` read edges by its flags.
"""
