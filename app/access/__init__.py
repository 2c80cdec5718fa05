"""Who asks and what they may do: sessions, tokens, forms, CSRF, sign-in.

`pages`, `console` and `api` import it; it imports `http` and `snapshots`.
"""
