"""Submissions of forms elsewhere as rows for the queue: new ones, changed ones, those that went."""
