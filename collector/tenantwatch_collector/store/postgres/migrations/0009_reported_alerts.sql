-- Callers may report an alert themselves; and what a tenant was deployed with is kept.
ALTER TABLE alert_command DROP CONSTRAINT alert_command_action_check;
ALTER TABLE alert_command ADD CONSTRAINT alert_command_action_check
    CHECK (action IN ('acknowledge', 'resolve', 'create'));
ALTER TABLE alert_command ADD COLUMN detail text NOT NULL DEFAULT '';

ALTER TABLE tenant ADD COLUMN resource_tier text NOT NULL DEFAULT '';
