"""From a request to its routes, or to the reason why there is none.

`app` calls this package; it imports the packages below it.
"""
