"""The console under ``/network``: one small module a page; the rules are those of ``geo``."""
