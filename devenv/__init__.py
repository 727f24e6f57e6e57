"""What ``./dev`` runs: one file a concern, Python's standard library only."""
