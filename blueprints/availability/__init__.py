"""What a service says of itself, and what is free there. Tables: ServiceDetails, LevelAtService."""
