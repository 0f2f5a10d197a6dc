"""Payments that are held back, each with its reason and the officer (rule 7.5). Tables: Hold."""
