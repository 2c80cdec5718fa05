"""Headers that keep a browser from loading, framing or telling what it should not."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types amparo amparo-worker"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}
"""Headers every page is sent with: nothing inline, nothing from elsewhere, no traces."""

HSTS = {"Strict-Transport-Security": "max-age=31536000"}
"""Where the public address is https: no browser that was here goes on without it for a year."""
