"""The audit chain, which records who did what, and the proof that Amparo itself wrote an entry.

It imports only `models`; every package that writes to the database imports it.
"""
