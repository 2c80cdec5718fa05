"""What a proposal can be about, one module a kind, and how each is checked and applied.

`removals` and `proposals` import it; it imports `records`.
"""
