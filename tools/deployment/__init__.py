"""What compose.yaml runs once beside the services, and the making of its secrets."""
