"""When an answer is due: pure arithmetic over values."""
