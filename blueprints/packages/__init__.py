"""Care package line items: officers keep them, providers read them. Tables: Package, PackageRate, TimetableSlot."""
