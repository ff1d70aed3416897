-- Rows of a source that were left out, and why: rows in = rows used + rows refused.
CREATE TABLE refused_row AS
SELECT source_id, line, code, label, reason FROM stg_lignes_refusees;
