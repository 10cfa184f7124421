-- +goose Up

-- Students that were erased, so that a run's snapshot is known to be from before.
ALTER TABLE districts ADD COLUMN erasures INTEGER NOT NULL DEFAULT 0;

-- Of placements: the run that made it, or why a coordinator did.
ALTER TABLE ledger ADD COLUMN run TEXT NOT NULL DEFAULT '';
ALTER TABLE ledger ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- Placements that were given back.
CREATE TABLE withdrawals (
    district    INTEGER NOT NULL,
    student     TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    opportunity TEXT NOT NULL,
    run         TEXT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (district, student, epoch),
    FOREIGN KEY (district, student) REFERENCES students (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX withdrawals_epoch ON withdrawals (district, epoch);

-- A run is numbered in the order of creation; its record is never removed.
CREATE TABLE runs (
    run      INTEGER PRIMARY KEY,
    district INTEGER NOT NULL REFERENCES districts,
    id       TEXT NOT NULL,
    options  BLOB NOT NULL,
    created  INTEGER NOT NULL,
    state    TEXT NOT NULL,
    step     TEXT NOT NULL,
    changed  INTEGER NOT NULL,
    starts   INTEGER NOT NULL,
    epoch    INTEGER NOT NULL, -- 0 before there is a snapshot
    message  TEXT NOT NULL,
    summary  BLOB NOT NULL,
    leftover INTEGER NOT NULL, -- 1: it may have contents that are no longer kept
    UNIQUE (district, id)
) STRICT;

CREATE INDEX runs_unfinished ON runs (run) WHERE state IN ('queued', 'running');
CREATE INDEX runs_leftover ON runs (run) WHERE leftover = 1;

CREATE TABLE run_parts (
    run     INTEGER NOT NULL REFERENCES runs,
    step    TEXT NOT NULL,
    number  INTEGER NOT NULL,
    sum     BLOB NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (run, step, number)
) STRICT;

CREATE TABLE run_documents (
    run     INTEGER NOT NULL REFERENCES runs,
    name    TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (run, name)
) STRICT;

CREATE TABLE run_students (
    run     INTEGER NOT NULL REFERENCES runs,
    student TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (run, student)
) STRICT, WITHOUT ROWID;

-- Opportunities are texts and numbers, so that they may be deleted.
CREATE TABLE run_placements (
    run         INTEGER NOT NULL REFERENCES runs,
    student     TEXT NOT NULL,
    opportunity TEXT,
    number      INTEGER NOT NULL,
    rank        INTEGER NOT NULL,
    score       INTEGER NOT NULL, -- in millionths
    reason      TEXT NOT NULL,
    PRIMARY KEY (run, student)
) STRICT, WITHOUT ROWID;
