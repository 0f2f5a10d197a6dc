"""The weeks that are paid together, and finalising them. Tables: PaymentPeriod, Finalisation."""
