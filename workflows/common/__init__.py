"""What every package would otherwise write again."""
