"""Where roads and heights come from: places by name, OpenStreetMap by Overpass, files by address.

Only the command line uses it: no request of a visitor ever reaches another server.
"""
