"""Becoming a pickup point: applying with papers, the county's review, the agreement, the opening."""
