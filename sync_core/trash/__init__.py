"""Deleting users for good: those whose time in Trash is over, and those that an admin tells to (B-163, B-164, D-27)."""
