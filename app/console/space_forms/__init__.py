"""The form of a space: its fields, lookups of positions and referring spaces, preview and page."""
