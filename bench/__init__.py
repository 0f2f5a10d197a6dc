"""Benchmarks: ratios against floors of the same run (make bench)."""
