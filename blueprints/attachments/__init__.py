"""Files as rows. Tables: File, FileChunk."""
