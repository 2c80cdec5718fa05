"""Changes that wait for a second person: submitted, checked, decided, merged.

`imports`, `confirmations` and `guidance` import it; it imports `removals` and packages below that.
"""
