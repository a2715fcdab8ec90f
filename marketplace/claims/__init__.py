"""After-sales: goods that go back, claims and their refunds (售后)."""
