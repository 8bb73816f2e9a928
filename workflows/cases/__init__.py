"""The case: its people, items, lifecycle, correspondence, attachments and clocks, and the one function that moves it."""
