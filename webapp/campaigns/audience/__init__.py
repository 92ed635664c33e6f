"""What a campaign's audience is: chosen, counted, left out for a reason, loaded."""
