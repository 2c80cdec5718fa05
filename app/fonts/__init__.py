"""The letters of printed pages, and what cut them down from the whole fonts."""
