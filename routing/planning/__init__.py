"""Itineraries on foot from night to night, and where and why they fail."""
