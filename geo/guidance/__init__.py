"""Guidance for people and their feedback: contacts, messages, pathways, checklists, rumours.

It imports `proposals` and packages below that.
"""
