"""From a request to its routes or the reason why there is none: the library's front door.

It imports every room below; `app` calls it.
"""
