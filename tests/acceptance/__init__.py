"""The whole product, command by command, on AWS or on any endpoint; one command, one file of results."""
