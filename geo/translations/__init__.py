"""Translations of safety texts: reviewers, checks of a wording, and approval by two people."""
