"""Languages: catalogues, phrases, labels, letters of each script.

Every room of `app` may import it; it imports none.
"""
