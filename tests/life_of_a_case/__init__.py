"""The life of cases as a model: random people take random moves, and promises hold after each."""
