"""The engine over Elasticsearch: the only package that imports its client."""
