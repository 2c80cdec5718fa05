"""Bodies and members that several endpoints take.

`access` and all above may import it; it imports `http`.
"""
