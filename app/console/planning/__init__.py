"""Pages for planning that only signed-in people see: losses, what-ifs, and where to open spaces.

It imports `console.forms` and `app.planning`; `main` imports it.
"""
