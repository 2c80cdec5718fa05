"""What runs by itself beside requests: senders, upkeep, coverage of corridors, anchors.

`main` and `cli` import it.
"""
