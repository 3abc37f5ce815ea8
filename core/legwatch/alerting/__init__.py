"""Alerts: their states, their notices, what suppresses a notice, and the answers of people."""
