"""Confirming a contact, and reminding those who were asked and have not answered."""
