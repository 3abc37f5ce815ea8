"""What device, server and lab share on their machine: clocks, files, secrets, languages, MQTT."""
