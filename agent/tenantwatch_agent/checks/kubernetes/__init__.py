"""Just enough of a Kubernetes client over our own probe client: access, reading the API, what objects say."""
