"""Lengths, lines and grids on the ground: numpy alone.

Any package of `routing` may import it; it imports only `routing.errors` and `routing._numba`, which
compiles its loops.
"""
