"""The case, its people, items, correspondence and clocks, and the one function that moves it."""
