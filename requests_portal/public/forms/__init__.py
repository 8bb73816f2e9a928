"""The forms of the public face: one for each page of questions, and those of the status pages."""
