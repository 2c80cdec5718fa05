"""The form of a space: its fields, what a position says, who refers, the preview and the page."""
