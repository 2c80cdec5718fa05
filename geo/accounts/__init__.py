"""People, organisations, tokens, sign-in and what each role may do or has read.

It imports `db`, `audit` and packages below these; the packages of records import it.
"""
