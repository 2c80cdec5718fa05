"""Spaces as files for others: what the asker's tier sees, in the formats that partners use."""
