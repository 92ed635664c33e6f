"""What a sender does: whose turn it is, within which limits, the calls, and writing them down."""
