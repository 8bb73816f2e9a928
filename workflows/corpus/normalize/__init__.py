"""What a reader sees: folding, numerals, markup, transliteration."""
