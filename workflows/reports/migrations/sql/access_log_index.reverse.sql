DROP INDEX reports_look;
