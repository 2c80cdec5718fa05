"""Conversion of one cell, as people write it, to the value of a field.

Only `imports` imports this package.
"""
