"""Run broker, server and agent on one machine, as child processes of `legwatch up`."""
