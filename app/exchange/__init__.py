"""Exchange with other systems: reads submissions of Kobo, sends links and counts to CKAN."""
