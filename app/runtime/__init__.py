"""The process: databases, logs, background tasks, limits of work.

Every room above imports it; it imports the settings.
"""
