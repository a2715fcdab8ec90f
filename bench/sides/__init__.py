"""The two sides of bench/placing.py; each runs in a process of its own, since a process has one set of Oscar's apps."""
