"""Where the next spaces should stand, for those who are signed in.

It imports the rest of `app.planning`; `app.console.planning`, `app.access` and `main` import it.
"""
