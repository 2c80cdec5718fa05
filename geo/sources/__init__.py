"""Submissions of survey forms on other servers as proposals: new, edited and deleted ones."""
