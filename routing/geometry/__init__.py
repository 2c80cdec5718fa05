"""Lengths, lines and grids on the ground: numpy alone.

Any room of `routing` may import it; it imports `routing.errors` and the compiler's door,
`routing._numba`.
"""
