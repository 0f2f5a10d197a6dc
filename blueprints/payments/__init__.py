"""What is due, paid and held for each package and week. Tables: Due, PackageAsPaid, Hold, PaymentItem."""
