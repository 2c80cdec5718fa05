"""What is known, in PostGIS: tables, questions about them, and how files become rows."""
