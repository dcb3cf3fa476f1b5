"""`throng doctor`: what is here, what it would give, and what is missing."""
