"""Files of strangers read into one table each, within limits: one module a format.

`imports` and `sources` alone import it.
"""
