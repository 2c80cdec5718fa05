"""Exchange with other systems: submissions of Kobo in, links and released counts to CKAN out."""
