"""Purchase orders: what a client's packages under a contract are worth in a financial year."""
