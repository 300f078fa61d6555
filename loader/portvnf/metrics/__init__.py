"""A blade's metrics for Prometheus: what there is (`collector`), and where (`endpoint`)."""
