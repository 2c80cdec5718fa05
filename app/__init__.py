"""HTTP in, HTTP out: the only package that knows requests, settings and the clock."""
