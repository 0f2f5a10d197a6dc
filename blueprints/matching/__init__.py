"""Matching: which package each visit belongs to, and why a visit belongs to none."""
