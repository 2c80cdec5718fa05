"""Files of strangers read into one table each, within limits: one module a format.

`imports` alone imports it.
"""
