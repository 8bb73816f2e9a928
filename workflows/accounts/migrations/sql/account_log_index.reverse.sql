DROP INDEX accounts_event;
