"""Long-term history: the stored nights go to InfluxDB or a compatible store, for Grafana.

Fed from the server's store by a cursor, in a process of its own; the live path never waits for it.
"""
