"""The engines that answer a search; each is the only place that imports its library."""
