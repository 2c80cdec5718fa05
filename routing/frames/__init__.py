"""Planning on foot with GeoDataFrames, for callers who have roads and spaces of their own."""
