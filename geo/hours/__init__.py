"""Opening hours: rules, exceptions and public holidays, and what they say of a moment.

It imports `text` and `models`; spaces, records and exports import it.
"""
