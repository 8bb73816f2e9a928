"""The closed words of requests, below the laws that use them."""
