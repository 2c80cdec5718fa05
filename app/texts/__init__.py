"""Words and files made of answers: messages, sheets, posters, GPX, KML.

`http`, `page_models` and all above import it; it imports `journeys` and `i18n`.
"""
