-- Sums of quarters of an hour whose newest result arrived more than 72 hours after them, by when that was: they may
-- change reports that were issued, and are few.
CREATE INDEX rollup_sum_late ON rollup_sum (known_at_us, tenant_key, start_us)
    WHERE width_s = 900 AND known_at_us > start_us + 259200000000;
