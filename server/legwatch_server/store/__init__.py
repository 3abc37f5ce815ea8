"""The database: tables, transactions, and all that is read from it."""
