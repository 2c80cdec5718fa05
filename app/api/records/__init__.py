"""Records over HTTP: spaces, guidance, hides, proposals, movement; one module per resource.

It imports `access`, `texts` and the layers below these.
"""
