-- Published figures, one row an indicator, territory code of their own vintage, and period.
-- Ratios bring numerator and denominator; the value is computed once, in 40_observation.sql.
CREATE TEMP TABLE published (
    indicator_id TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    period TEXT NOT NULL,
    value DOUBLE,
    numerator DOUBLE,
    denominator DOUBLE,
    state TEXT NOT NULL,
    reason TEXT,
    source_id TEXT NOT NULL
);

-- Weights that a source ships with its means (the standardised population of APL).
CREATE TEMP TABLE published_weight (
    indicator_id TEXT NOT NULL,
    code TEXT NOT NULL,
    period TEXT NOT NULL,
    weight DOUBLE NOT NULL
);
