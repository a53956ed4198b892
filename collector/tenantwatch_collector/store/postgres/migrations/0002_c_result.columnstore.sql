-- Asked for only where the licence allows it.
ALTER TABLE result SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'tenant_key',
    timescaledb.orderby = 'check_key, time_us'
);
