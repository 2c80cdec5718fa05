"""How much one filter may ask for."""

#: Characters of a filter: a polygon of 700 vertices at six decimals fits [A]. Reading it all
#: takes a few milliseconds.
MAX_LENGTH = 16_384

#: Brackets, negations and calls within one another [A]; a level takes about eight of the
#: thousand frames of Python's stack.
MAX_DEPTH = 32

#: Operators and functions of one filter [A]: statements of more take longer to plan than to run.
MAX_OPERATIONS = 128
