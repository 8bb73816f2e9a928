"""The regulators' face: cases and statistics of one regime, and the export that verifies offline."""
