"""Pages of the console for administrators and for one's own account.

It imports `console.forms`; `main` imports it.
"""
