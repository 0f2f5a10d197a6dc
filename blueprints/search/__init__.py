"""One box that finds organisations, services, contracts, clients, packages, visits and people. Tables: SearchWord, Search."""
