"""What staff do to a case: one table of pages, a form each, one service behind each."""
