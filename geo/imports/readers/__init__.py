"""Readers of unknown files into one table each, within limits: one module for each format.

Only `imports` and `sources` import this package.
"""
