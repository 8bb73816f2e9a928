"""What a regulator may see, who looked, and the checkpoints they keep."""
