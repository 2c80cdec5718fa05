"""Identity and rights of clients: sessions, tokens, sign-in, and forms with CSRF protection.

`pages`, `console` and `api` import it; it imports `http` and `snapshots`.
"""
