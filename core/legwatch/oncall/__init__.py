"""Who is on call, who is notified of a notice, and when the next person is."""
