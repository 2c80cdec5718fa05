"""Facilities of the server process: databases, logs, background tasks, limits of work.

Every package above imports it; it imports the settings.
"""
