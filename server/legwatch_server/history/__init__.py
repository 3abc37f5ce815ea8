"""Long-term history: copy the stored nights to InfluxDB or a compatible store, for Grafana.

A separate process reads the server's database and remembers its position in a cursor. The server
never waits for this process.
"""
