"""Security headers of responses: content security policy, referrer, permissions and HSTS."""

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
"""Headers of every page.

They forbid inline code, content from other origins, framing, and the sending of a referrer.
"""

HSTS = {"Strict-Transport-Security": "max-age=31536000"}
"""HSTS header for an https public address: browsers insist on https for a year after a visit."""
