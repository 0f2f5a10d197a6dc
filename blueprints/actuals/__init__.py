"""What was delivered against a package in a week. Tables: Actual, ActualDay, LockedWeek."""
