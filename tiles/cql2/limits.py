"""Limits of a single CQL2 filter."""

#: Most characters: a polygon of 700 vertices with six decimals fits [A]. Parsing a filter of this
#: length takes a few milliseconds.
MAX_LENGTH = 16_384

#: Most nested brackets, negations and calls [A]; each level takes about eight of the thousand
#: frames of Python's stack.
MAX_DEPTH = 32

#: Most operators and functions [A]: longer statements take longer to plan than to run.
MAX_OPERATIONS = 128
