"""From an OpenStreetMap extract to a graph folder.

Nothing in `routing` imports it but the command that imports extracts; it imports `graph`, `travel`
and `engine`.
"""
