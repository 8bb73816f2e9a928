"""The views of the regulators' pages: they read selectors, call one service, render."""
