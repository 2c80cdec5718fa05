"""Records over HTTP: spaces, guidance, hides, proposals, movement; one module a noun.

It imports `access`, `texts` and what is below.
"""
