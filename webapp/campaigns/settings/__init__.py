"""What admins decide for all campaigns: their rules, and the prices their costs come from."""
