"""Work without a request: notifications, daily upkeep, computed layers, anchors of the audit log.

`main` and `cli` import it.
"""
