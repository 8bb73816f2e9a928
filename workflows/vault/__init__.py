"""One data key per case: envelope encryption, sealed columns, blind indexes, stored files, shredding."""
