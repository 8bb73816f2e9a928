"""The regulators' area: cases and statistics of one regime, exports that verify offline."""
