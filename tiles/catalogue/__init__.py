"""THE catalogue: what is published, with which columns, to whom and how it is drawn.

Every room of `tiles` may import it; it imports `geo`.
"""
