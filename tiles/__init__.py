"""How it is published: the catalogue of layers and what is made from it."""
