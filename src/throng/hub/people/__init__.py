"""People: accounts, sign-in, sessions and the tokens of their scripts."""
