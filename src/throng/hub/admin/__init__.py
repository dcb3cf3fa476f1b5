"""The plain pages for administration: forms, with the same functions behind them as the interface."""
