"""The terms that packages fall under, and the cycles by which they are paid. Tables: Contract, PaymentCycle."""
