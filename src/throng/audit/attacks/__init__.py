"""Attacks: functions of what an attacker sees."""
