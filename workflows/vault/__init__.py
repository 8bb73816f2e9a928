"""One data key per case: sealed columns, blind indexes, encrypted files, shredding."""
