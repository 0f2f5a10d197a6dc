"""Forms: one file per area. A form cleans, checks and speaks; it changes nothing."""
