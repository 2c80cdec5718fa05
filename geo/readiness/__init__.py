"""The way from the demonstration to own data: what is done, what is missing, what does nothing.

Nothing imports it but `app`; it imports `guidance` and what is below.
"""
