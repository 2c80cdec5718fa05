"""Languages: catalogues of translations, phrases, labels, and character sets of fonts and SMS.

Every package of `app` may import it; it imports none of them.
"""
