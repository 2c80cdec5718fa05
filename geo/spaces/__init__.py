"""Queries for spaces: near a point, along a line, for a need, by age of their confirmation.

It imports `geography`, `accounts` and packages below these.
"""
