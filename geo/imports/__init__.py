"""Import of files of spaces: read, map, compare, report row by row, then write or propose.

Within `geo`, only `oversight` and `sources` may import this package; it imports `proposals`,
`records` and its own `readers`.
"""
