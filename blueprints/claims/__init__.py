"""What a provider asks for outside packages, chiefly the hospital incentive. Tables: Claim and its items, files, posts."""
