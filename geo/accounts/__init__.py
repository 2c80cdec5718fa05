"""People, organisations, tokens, sign-in and what each role may do or has read.

It imports `db`, `audit` and what is below; rooms of records import it.
"""
