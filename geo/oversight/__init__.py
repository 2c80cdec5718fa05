"""What keeps those who write honest: digests of rows, anchors of the audit, erasure on record.

The highest room of `geo`: nothing in `geo` imports it.
"""
