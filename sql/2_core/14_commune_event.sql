-- What happened to communes since 1943: mergers, splits, changes of code (types: Insee's own codes).
CREATE TABLE commune_event AS
SELECT date, type, old_code, code, old_name, name FROM stg_cog_evenements ORDER BY ALL;
