"""The regulators' face: cases and statistics of one regime, and exports that verify offline."""
