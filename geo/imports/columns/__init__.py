"""Which column of a stranger's file is which field: headers and cells judged together, all at once.

`imports` alone imports it.
"""
