"""What comes back: receipts, replies, failures tried again, and who did not answer in time."""
