"""How to walk there: a library over numpy arrays, without database, HTTP, settings or clock."""
