"""People, organisations, tokens, sign-in, permissions of roles, and audit of what staff read.

It imports `db`, `audit` and packages below these; the packages of records import it.
"""
