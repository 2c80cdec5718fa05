"""Texts and files made from results: explanations, messages, printed lists, posters, GPX, KML.

`http`, `page_models` and all above import it; it imports `journeys` and `i18n`.
"""
