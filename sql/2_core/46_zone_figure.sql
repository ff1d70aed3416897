-- Figures that web exports give in their own zonings: shown in those, never brought to communes.
CREATE TABLE zone_figure (
    source_id TEXT NOT NULL,
    zoning TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    indicator_id TEXT,
    period TEXT NOT NULL,
    value DOUBLE,
    state TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (source_id, zoning, code, label, period)
);

INSERT INTO zone_figure
SELECT source_id, zoning, code, name, label, indicator_id, period, value, state,
       CASE state
           WHEN 'secret' THEN 'secret statistique'
           WHEN 'absent' THEN 'résultat non disponible sur le site'
       END
FROM stg_zone_figure WHERE level IS NULL;
