"""How a draft is made: the pages of its steps, what they keep, what they check and estimate."""
