"""The warehouse: build it from the connectors and the SQL, publish it, read it."""
