"""All of legwatch on one machine: broker, server and agent as children of one command."""
