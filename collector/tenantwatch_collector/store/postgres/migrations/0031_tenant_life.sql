-- A tenant may be suspended, and go; its id is never given again.
ALTER TABLE tenant ADD COLUMN suspended_at_us bigint;
ALTER TABLE tenant ADD COLUMN deleted_at_us bigint;
