"""What a campaign says: its variants, where their values come from, header, previews, tests."""
