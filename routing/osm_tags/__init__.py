"""What OpenStreetMap's tags say of a way or a node: who passes, in which direction, on what.

It imports nothing of `routing`; `graph` and every room above it read edges by its flags.
"""
