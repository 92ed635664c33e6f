"""Real servers the tests start for themselves."""
