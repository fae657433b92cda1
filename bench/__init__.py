"""Measured work: each figure beside its floor from the same run, as a ratio. `make bench` prints a table and writes results/latest.json."""
