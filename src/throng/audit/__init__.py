"""What an attacker would learn from what the system gives away, and whether a copied store holds what it should not."""
