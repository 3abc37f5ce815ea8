"""What every legwatch process needs of its machine: clocks, files, secrets, texts, MQTT."""
