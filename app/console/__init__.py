"""The staff's console under ``/network``: one small module per page; ``geo`` enforces the rules."""
