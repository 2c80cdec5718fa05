"""Proposals from submissions of survey forms on other servers: new, edited, deleted ones."""
