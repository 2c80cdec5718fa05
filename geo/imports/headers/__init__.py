"""Meanings of headers and labels in unknown files: by known names, by words, by earlier choices.

Only `imports` imports this package.
"""
