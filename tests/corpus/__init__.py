"""An invented corpus, the spellings planted in it and the truth about them; for tests and bench."""
