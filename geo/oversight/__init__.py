"""Checks on people with write access: row digests, anchors of the audit chain, recorded erasure.

The highest room of `geo`: nothing in `geo` imports it.
"""
