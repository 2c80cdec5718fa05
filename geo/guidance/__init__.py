"""What people read or call: contacts, messages, pathways, checklists, rumours, feedback.

It imports `proposals` and what is below.
"""
