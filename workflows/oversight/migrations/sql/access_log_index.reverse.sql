DROP INDEX oversight_access;
