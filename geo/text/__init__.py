"""Texts as people write them: folding, misspelling, protected words, coded reasons.

Every package of `geo` but `models` and `audit` may import this one.
"""
