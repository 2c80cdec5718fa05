"""Recognition of the field of each column of an unknown file, by headers and cells together.

Only `imports` imports this package.
"""
