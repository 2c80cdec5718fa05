"""Limits of a single CQL2 filter."""

#: Maximum length of a filter, characters: a polygon of 700 vertices with six decimals fits [A].
#: Parsing a filter of this length takes a few milliseconds.
MAX_LENGTH = 16_384

#: Maximum depth of nested brackets, negations and function calls [A]; parsing takes about eight
#: stack frames per level, and Python's stack has a thousand.
MAX_DEPTH = 32

#: Maximum number of operators and functions in a filter [A]: PostgreSQL takes longer to plan a
#: statement with more of them than to run it.
MAX_OPERATIONS = 128
