"""What a thief of a store would learn, and what should not be in it."""
