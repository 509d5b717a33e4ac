"""What a text and a question to it have in common: terms. Pure, and the same for both databases."""
