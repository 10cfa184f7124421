package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// batchRows is how many rows collectMany decodes at once.
const batchRows = 4096

// collectMany is collect for a great many rows: while one goroutine reads,
// others decode. Equal lists of the rows are one in memory.
func collectMany[T any](ctx context.Context, q queryer, decode func(*values) T, text string, args ...any) (_ []T, err error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var (
		decoding errgroup.Group
		lists    = sync.Pool{New: func() any { return make(map[string][]string) }}
		decoded  []*[]T
	)
	decoding.SetLimit(runtime.GOMAXPROCS(0))
	for more := true; more; {
		var batch []any
		if batch, more, err = readBatch(rows, len(columns)); err != nil {
			break
		}
		into := new([]T)
		decoded = append(decoded, into)
		decoding.Go(func() (err error) {
			known := lists.Get().(map[string][]string)
			*into, err = decodeBatch(batch, len(columns), known, decode)
			lists.Put(known)
			return err
		})
	}
	if err = errors.Join(err, decoding.Wait()); err != nil {
		return nil, err
	}
	n := 0
	for _, part := range decoded {
		n += len(*part)
	}
	if n == 0 {
		return nil, nil // as collect does
	}
	list := make([]T, 0, n)
	for _, part := range decoded {
		list = append(list, *part...)
		*part = nil // it may go
	}
	return list, nil
}

// readBatch reads rows, one after the other in a slice, and whether there may
// be more.
func readBatch(rows *sql.Rows, width int) (batch []any, more bool, err error) {
	batch = make([]any, batchRows*width)
	dest := make([]any, width)
	for n := range batchRows {
		if !rows.Next() {
			return batch[:n*width], false, rows.Err()
		}
		for i := range dest {
			dest[i] = &batch[n*width+i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, false, err
		}
	}
	return batch, true, nil
}

func decodeBatch[T any](batch []any, width int, lists map[string][]string, decode func(*values) T) ([]T, error) {
	list := make([]T, len(batch)/width)
	v := values{lists: lists}
	for i := range list {
		v.row, v.next = batch[i*width:(i+1)*width], 0
		if list[i] = decode(&v); v.err != nil {
			return nil, v.err
		}
	}
	return list, nil
}
