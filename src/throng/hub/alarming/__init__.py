"""Alarms that people make, try, acknowledge and are woken by."""
