"""Downloads of roads and heights for imports: place names, Overpass extracts, files by URL.

Only the command line uses this package, so that no request of a visitor reaches another server.
"""
