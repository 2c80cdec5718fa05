"""Endpoints: thin, one module a noun; each checks, asks and answers."""
