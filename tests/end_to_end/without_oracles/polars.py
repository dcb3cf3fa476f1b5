"""Stands in front of the package that an oracle of the tests brings: users do not have it, and DuckDB loads it where it can."""

raise ImportError("Throng does not bring polars")
