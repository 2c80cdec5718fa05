"""GeoDataFrames in, GeoDataFrames out: planning on foot for who has roads and spaces at hand."""
