"""Proof: mutants of shown lines, versions, the comparison, fuzz; one format for their records."""
