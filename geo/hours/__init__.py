"""Opening hours: rules, exceptions and public holidays, and the state of a space at a moment.

This package imports `text` and `models`; spaces, records and exports import it.
"""
