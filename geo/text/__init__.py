"""Words as people write them: folding, misspelling, protected words, coded reasons.

Every room of `geo` but `models` and `audit` may import it.
"""
