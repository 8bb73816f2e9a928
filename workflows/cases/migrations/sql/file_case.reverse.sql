DROP FUNCTION cases_file;
DROP FUNCTION cases_earlier;
