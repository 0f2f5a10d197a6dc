"""What a finalised period paid, line by line. No tables."""
