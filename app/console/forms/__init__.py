"""Forms, fields and layout that pages of the console share.

`console` and `console.admin` import it.
"""
