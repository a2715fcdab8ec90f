"""The checkout has no tables of its own."""
