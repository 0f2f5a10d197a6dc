"""The demonstration authority: made-up people, real-looking weeks."""
