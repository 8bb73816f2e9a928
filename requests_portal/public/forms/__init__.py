"""The forms of the public: one for each page of questions, and those of the status pages."""
