"""The public page: templates, translations, static files and the code that renders them."""
