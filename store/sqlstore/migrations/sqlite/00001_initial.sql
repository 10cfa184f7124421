-- +goose Up

-- Lists are text, an item a line; weighted tags are lines tag=weight (in
-- ten-thousandths), groups lines name, tab, value. No item can hold a control
-- character. Times are nanoseconds since 1970 in UTC, 0 for none. Ids compare
-- as bytes.

CREATE TABLE store (
    identity TEXT NOT NULL
) STRICT;

CREATE TABLE districts (
    district    INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    epoch       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    next_number INTEGER NOT NULL, -- of the next new opportunity
    log_start   INTEGER NOT NULL  -- epochs up to it are no longer in the log
) STRICT;

CREATE TABLE settings (
    district       INTEGER PRIMARY KEY REFERENCES districts,
    ancestor_decay INTEGER NOT NULL,
    idf            INTEGER NOT NULL,
    measures       TEXT NOT NULL,
    time_zone      TEXT NOT NULL,
    retention_days INTEGER NOT NULL,
    revision       INTEGER NOT NULL
) STRICT;

CREATE TABLE statistics (
    district  INTEGER PRIMARY KEY REFERENCES districts,
    version   INTEGER NOT NULL,
    published INTEGER NOT NULL,
    frequency TEXT NOT NULL -- lines tag=count
) STRICT;

CREATE TABLE changes (
    district INTEGER NOT NULL REFERENCES districts,
    epoch    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    number   INTEGER NOT NULL,
    deleted  INTEGER NOT NULL,
    partners TEXT NOT NULL, -- a list: those that have other seats taken by it
    PRIMARY KEY (district, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    district   INTEGER NOT NULL REFERENCES districts,
    id         TEXT NOT NULL,
    label      TEXT NOT NULL,
    parent     TEXT NOT NULL,
    importance REAL NOT NULL,
    synonyms   TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (district, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE partners (
    district  INTEGER NOT NULL REFERENCES districts,
    id        TEXT NOT NULL,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    region    TEXT NOT NULL,
    max_seats INTEGER,
    goals     TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    taken     INTEGER NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (district, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE opportunities (
    district   INTEGER NOT NULL REFERENCES districts,
    id         TEXT NOT NULL,
    partner    TEXT,
    title      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    term       TEXT NOT NULL,
    seats      INTEGER NOT NULL,
    min_seats  INTEGER NOT NULL,
    min_policy TEXT NOT NULL,
    grades     TEXT NOT NULL,
    regions    TEXT NOT NULL,
    remote     INTEGER NOT NULL,
    slots      TEXT NOT NULL,
    requires   TEXT NOT NULL,
    min_age    INTEGER,
    latitude   REAL,
    longitude  REAL,
    opens      INTEGER NOT NULL,
    closes     INTEGER NOT NULL,
    goals      TEXT NOT NULL,
    boost      REAL NOT NULL,
    status     TEXT NOT NULL,
    tags       TEXT NOT NULL,
    number     INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    taken      INTEGER NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (district, id),
    FOREIGN KEY (district, partner) REFERENCES partners (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX opportunities_partner ON opportunities (district, partner) WHERE partner IS NOT NULL;

CREATE TABLE students (
    district    INTEGER NOT NULL REFERENCES districts,
    id          TEXT NOT NULL,
    grade       TEXT NOT NULL,
    school      TEXT NOT NULL,
    region      TEXT NOT NULL,
    age         INTEGER,
    slots       TEXT NOT NULL,
    credentials TEXT NOT NULL,
    latitude    REAL,
    longitude   REAL,
    max_km      REAL,
    groups      TEXT NOT NULL,
    interests   TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    written     INTEGER NOT NULL,
    PRIMARY KEY (district, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE preferences (
    district    INTEGER NOT NULL,
    student     TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    rank        INTEGER NOT NULL,
    PRIMARY KEY (district, student, opportunity),
    FOREIGN KEY (district, student) REFERENCES students (district, id),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX preferences_opportunity ON preferences (district, opportunity);

CREATE TABLE scores (
    district    INTEGER NOT NULL,
    student     TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    score       REAL NOT NULL,
    PRIMARY KEY (district, student, opportunity),
    FOREIGN KEY (district, student) REFERENCES students (district, id),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX scores_opportunity ON scores (district, opportunity);

CREATE TABLE priorities (
    district    INTEGER NOT NULL,
    student     TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    tier        INTEGER NOT NULL,
    PRIMARY KEY (district, student, opportunity),
    FOREIGN KEY (district, student) REFERENCES students (district, id),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX priorities_opportunity ON priorities (district, opportunity);

CREATE TABLE locks (
    district    INTEGER NOT NULL,
    student     TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    action      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (district, student, opportunity),
    FOREIGN KEY (district, student) REFERENCES students (district, id),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX locks_opportunity ON locks (district, opportunity);

CREATE TABLE placements (
    district    INTEGER NOT NULL,
    student     TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    PRIMARY KEY (district, student, opportunity),
    FOREIGN KEY (district, student) REFERENCES students (district, id),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX placements_opportunity ON placements (district, opportunity);

CREATE TABLE reserves (
    district    INTEGER NOT NULL,
    opportunity TEXT NOT NULL,
    group_name  TEXT NOT NULL,
    group_value TEXT NOT NULL,
    seats       INTEGER NOT NULL,
    PRIMARY KEY (district, opportunity, group_name, group_value),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
    district    INTEGER NOT NULL,
    id          TEXT NOT NULL,
    student     TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    placed      INTEGER NOT NULL,
    expires     INTEGER NOT NULL, -- 0 once it is placed
    revision    INTEGER NOT NULL,
    PRIMARY KEY (district, id),
    FOREIGN KEY (district, student) REFERENCES students (district, id),
    FOREIGN KEY (district, opportunity) REFERENCES opportunities (district, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX ledger_student ON ledger (district, student, opportunity);
CREATE UNIQUE INDEX ledger_placed ON ledger (district, student) WHERE placed = 1;
CREATE INDEX ledger_opportunity ON ledger (district, opportunity);
CREATE INDEX ledger_expires ON ledger (expires) WHERE placed = 0;

CREATE TABLE requests (
    district INTEGER NOT NULL REFERENCES districts,
    id       TEXT NOT NULL,
    digest   BLOB NOT NULL,
    expires  INTEGER NOT NULL,
    receipt  BLOB NOT NULL,
    response BLOB NOT NULL,
    PRIMARY KEY (district, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_expires ON requests (expires);

-- The students that a request named, so that its answer can be erased with them.
CREATE TABLE request_students (
    district INTEGER NOT NULL,
    student  TEXT NOT NULL,
    request  TEXT NOT NULL,
    PRIMARY KEY (district, student, request),
    FOREIGN KEY (district, request) REFERENCES requests (district, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX request_students_request ON request_students (district, request);
