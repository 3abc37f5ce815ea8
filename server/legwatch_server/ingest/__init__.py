"""From the broker to the writer: messages, and the times that they are given."""
