"""The database: tables, transactions and queries."""
