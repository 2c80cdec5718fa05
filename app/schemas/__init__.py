"""Request bodies, and types of their members, that several endpoints share.

`access` and all above may import it; it imports `http`.
"""
