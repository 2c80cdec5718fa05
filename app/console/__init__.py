"""The console under ``/network``: one small module per page; ``geo`` holds the rules."""
