"""From the broker to the writer: receive the messages, and correct their times."""
