"""Fonts of posters and images, and the script that reduces DejaVu to the letters in use."""
