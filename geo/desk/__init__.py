"""Tables of the staff console: rows that a person may see, and actions on several rows at once."""
