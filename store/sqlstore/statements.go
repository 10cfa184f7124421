package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/kindred-match/kindred/store"
)

// queryer asks a connection, a pool of them, or a transaction.
type queryer interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// statements keeps what has been prepared, by its text. The texts come from
// this package alone, so that there are few.
type statements struct {
	prepare func(ctx context.Context, text string) (*sql.Stmt, error)
	mu      sync.Mutex
	byText  map[string]*sql.Stmt
}

func newStatements(prepare func(context.Context, string) (*sql.Stmt, error)) *statements {
	return &statements{prepare: prepare, byText: make(map[string]*sql.Stmt)}
}

// known returns what has been prepared, or nil.
func (s *statements) known(text string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byText[text]
}

// get prepares what isn't known yet. That may wait for a connection, so that no
// lock is held, and the caller must have none: all who have one might wait here.
func (s *statements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := s.known(text); st != nil {
		return st, nil
	}
	st, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.byText[text]; other != nil {
		return other, st.Close()
	}
	s.byText[text] = st
	return st, nil
}

// pool reads on any connection; what is read in two queries may differ by a
// commit in between.
type pool struct {
	db         *sql.DB
	statements *statements
}

func (p pool) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	st, err := p.statements.get(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// snapshot reads in one transaction: all of it sees the same state.
type snapshot struct {
	tx         *sql.Tx
	statements *statements
	unknown    []string // what is to be prepared once the connection is given back
}

func (s *snapshot) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if st := s.statements.known(text); st != nil {
		return s.tx.StmtContext(ctx, st).QueryContext(ctx, args...)
	}
	s.unknown = append(s.unknown, text)
	return s.tx.QueryContext(ctx, text, args...)
}

// view runs f in one read-only transaction.
func view[T any](ctx context.Context, s *Store, f func(q queryer) (T, error)) (T, error) {
	var none T
	tx, err := s.ro.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return none, s.fail(err)
	}
	snap := &snapshot{tx: tx, statements: s.reader.statements}
	defer func() {
		tx.Rollback()
		for _, text := range snap.unknown {
			_, _ = s.reader.statements.get(ctx, text) // the next one tries again
		}
	}()
	t, err := f(snap)
	return t, s.fail(err)
}

// collect returns all rows of a query, decoded.
func collect[T any](ctx context.Context, q queryer, decode func(*values) T, text string, args ...any) (list []T, err error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	v := newValues(len(columns))
	for rows.Next() {
		if err := v.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, decode(v))
		if v.err != nil {
			return nil, v.err
		}
	}
	return list, rows.Err()
}

// one returns the only row of a query, or store.ErrNotFound.
func one[T any](ctx context.Context, q queryer, decode func(*values) T, text string, args ...any) (T, error) {
	list, err := collect(ctx, q, decode, text, args...)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return list[0], nil
}
