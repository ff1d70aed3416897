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
    class TEXT,
    state TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (source_id, zoning, code, label, period)
);

INSERT INTO zone_figure
SELECT source_id, zoning, code, name, label, indicator_id, period, value, NULL, state,
       CASE state
           WHEN 'secret' THEN 'secret statistique'
           WHEN 'absent' THEN 'résultat non disponible sur le site'
       END
FROM stg_zone_figure WHERE level IS NULL;

-- What CartoSanté and SIRSé answer when asked directly: the level is the site's, not told by the file.
INSERT INTO zone_figure
SELECT DISTINCT ON (source_id, code, name, period)
       source_id, 'niveau demandé au site', code, territory, name, NULL, period, value, class, state,
       CASE state
           WHEN 'secret' THEN 'secret statistique'
           WHEN 'absent' THEN 'résultat non disponible sur le site'
       END
FROM stg_geoclip WHERE source_id <> 'observatoire_territoires';
