"""What the authority tells providers' people, and what they reply. Tables: Message, MessageThread, MessagePost and theirs."""
