"""The store: all SQL, the values that go in and come out, and the ports that name no database."""
