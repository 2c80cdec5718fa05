"""Publication of data: the catalogue of layers, and collections, tiles and files made from it."""
