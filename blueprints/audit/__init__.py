"""Who changed what, and who looked. Tables: Change, Look."""
