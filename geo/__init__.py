"""The data of Amparo in PostGIS: tables, queries on them, and the import of files."""
