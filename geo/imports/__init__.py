"""Files of spaces in: read, mapped, compared, reported row by row, then written or proposed.

`oversight` and `sources` alone may import it within `geo`; it imports `proposals`, `records` and
its `readers`.
"""
