DROP TRIGGER outbox_effect_notify ON outbox_effect;
DROP FUNCTION outbox_notify();
