"""Pictures drawn by the server: pictograms, icons, and the small map of a space's surroundings."""
