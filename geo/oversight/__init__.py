"""Checks on people with write access: row digests, anchors of the audit chain, recorded erasure.

The topmost package of `geo`: nothing in `geo` imports it.
"""
