"""Is a space still as recorded? Answers, visits, and the links that ask for them.

It imports `proposals` and what is below.
"""
