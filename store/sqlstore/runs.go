package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kindred-match/kindred/store"
)

// runRow is a run with its number.
type runRow struct {
	store.Run
	key int64
}

const runColumns = `run, id, options, created, state, step, changed, starts, epoch, message, summary`

func decodeRun(v *values) runRow {
	r := runRow{
		key: v.int64(),
		Run: store.Run{
			NewRun:  store.NewRun{ID: v.text(), Options: v.bytes(), Created: v.time()},
			State:   store.RunState(v.text()),
			Step:    store.Step(v.text()),
			Changed: v.time(),
			Starts:  int(v.int64()),
			Epoch:   store.Epoch(v.uint64()),
			Message: v.text(),
			Summary: v.bytes(),
		},
	}
	if len(r.Summary) == 0 {
		r.Summary = nil
	}
	return r
}

// readRun reads a run of a district.
func readRun(ctx context.Context, q queryer, district, id string) (*runRow, error) {
	r, err := one(ctx, q, decodeRun, `SELECT `+runColumns+` FROM runs`+inDistrict+` AND id = ?`, district, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("run %w", err)
	}
	return &r, err
}

// Run implements store.Runs.
func (s *Store) Run(ctx context.Context, district, id string) (*store.Run, error) {
	r, err := readRun(ctx, s.reader, district, id)
	if err != nil {
		return nil, s.fail(err)
	}
	return &r.Run, nil
}

// ListRuns implements store.Runs.
func (s *Store) ListRuns(ctx context.Context, district, before string, limit int) ([]store.Run, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	return view(ctx, s, func(q queryer) ([]store.Run, error) {
		d, err := readDistrict(ctx, q, district)
		if err != nil {
			return nil, err
		}
		condition, args := ``, []any{d.key}
		if before != "" {
			r, err := readRun(ctx, q, district, before)
			if err != nil {
				return nil, err
			}
			condition, args = ` AND run < ?`, append(args, r.key)
		}
		return collect(ctx, q, func(v *values) store.Run { return decodeRun(v).Run },
			`SELECT `+runColumns+` FROM runs WHERE district = ?`+condition+` ORDER BY run DESC LIMIT ?`, append(args, limit)...)
	})
}

// UnfinishedRuns implements store.Runs.
func (s *Store) UnfinishedRuns(ctx context.Context) ([]store.RunKey, error) {
	list, err := collect(ctx, s.reader, func(v *values) store.RunKey { return store.RunKey{District: v.text(), ID: v.text()} },
		`SELECT d.id, r.id FROM runs r JOIN districts d ON d.district = r.district
		WHERE r.state IN ('queued', 'running') ORDER BY r.run`)
	return list, s.fail(err)
}

// RunInput implements store.Runs.
func (s *Store) RunInput(ctx context.Context, district string, now time.Time) (*store.RunInput, error) {
	if err := checkTime(now); err != nil {
		return nil, err
	}
	return view(ctx, s, func(q queryer) (*store.RunInput, error) {
		d, err := readDistrict(ctx, q, district)
		if err != nil {
			return nil, err
		}
		return readInput(ctx, q, d, now)
	})
}

func readInput(ctx context.Context, q queryer, d *districtTx, now time.Time) (*store.RunInput, error) {
	state, err := readState(ctx, q, d.key, d.epoch)
	if err != nil {
		return nil, err
	}
	in := &store.RunInput{State: *state, Reserved: make(map[string]int32)}
	if in.Erasures, err = readErasures(ctx, q, d.key); err != nil {
		return nil, err
	}
	in.Students, err = collectMany(ctx, q, decodeStudent,
		`SELECT `+studentColumns+` FROM students WHERE district = ? ORDER BY id`, d.key)
	if err != nil {
		return nil, err
	}
	// Rows and entries are many, and say few ids over and over.
	ids := make(map[string]string, len(in.Students)+len(in.Opportunities))
	for i := range in.Students {
		ids[in.Students[i].ID] = in.Students[i].ID
	}
	for i := range in.Opportunities {
		ids[in.Opportunities[i].ID] = in.Opportunities[i].ID
	}
	if in.Rows, err = readRows(ctx, q, d.key, ids); err != nil {
		return nil, err
	}
	in.Placed, err = collect(ctx, q, func(v *values) store.Entry {
		v.texts = ids
		return decodeEntry(v)
	}, `SELECT `+entryColumns+` FROM ledger WHERE district = ? AND placed = 1 ORDER BY student`, d.key)
	if err != nil {
		return nil, err
	}
	_, err = collect(ctx, q, func(v *values) struct{} {
		opportunity, reserved := v.text(), v.int32()
		in.Reserved[opportunity] = reserved
		return struct{}{}
	}, `SELECT opportunity, COUNT(*) FROM ledger WHERE +district = ? AND placed = 0 AND expires > ? GROUP BY +opportunity`,
		d.key, putTime(now))
	return in, err
}

// readErasures returns how many students were erased in a district.
func readErasures(ctx context.Context, q queryer, key int64) (uint64, error) {
	return one(ctx, q, (*values).uint64, `SELECT erasures FROM districts WHERE district = ?`, key)
}

// RunParts implements store.Runs.
func (s *Store) RunParts(ctx context.Context, district, id string, step store.Step, after, limit int) ([]store.Part, error) {
	return contents(ctx, s, district, id, limit, func(q queryer, r *runRow) ([]store.Part, error) {
		if step == store.StepSnapshot && !r.hasSnapshot() || step != store.StepSnapshot && hasDraft(r.State) {
			return nil, nil // they are being kept, or removed
		}
		return collect(ctx, q, decodePart,
			`SELECT number, sum, content FROM run_parts WHERE run = ? AND step = ? AND number > ? ORDER BY number LIMIT ?`,
			r.key, string(step), after, limit)
	})
}

func decodePart(v *values) store.Part {
	p := store.Part{Number: int(v.int64())}
	if sum := v.bytes(); len(sum) == len(p.Sum) {
		p.Sum = [len(p.Sum)]byte(sum)
	}
	p.Content = v.bytes()
	return p
}

// RunStudents implements store.Runs.
func (s *Store) RunStudents(ctx context.Context, district, id, after string, limit int) ([]store.RunStudent, error) {
	return contents(ctx, s, district, id, limit, func(q queryer, r *runRow) ([]store.RunStudent, error) {
		if !r.hasSnapshot() {
			return nil, nil
		}
		return collect(ctx, q, func(v *values) store.RunStudent { return store.RunStudent{ID: v.text(), Content: v.bytes()} },
			`SELECT student, content FROM run_students WHERE run = ? AND student > ? ORDER BY student LIMIT ?`,
			r.key, after, limit)
	})
}

// contents reads a page of what a run has. One that has ended has nothing, even
// where something is yet to be removed.
func contents[T any](
	ctx context.Context, s *Store, district, id string, limit int, read func(queryer, *runRow) ([]T, error),
) ([]T, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	return view(ctx, s, func(q queryer) ([]T, error) {
		r, err := readRun(ctx, q, district, id)
		if err != nil || !keepsContents(r.State) {
			return nil, err
		}
		return read(q, r)
	})
}

// keepsContents says whether a run in the state has more than its record.
func keepsContents(s store.RunState) bool {
	return s.Unfinished() || s == store.RunDraft || s == store.RunPublished
}

// hasSnapshot says whether the run's snapshot has been kept.
func (r *runRow) hasSnapshot() bool {
	return r.State == store.RunRunning && r.Step != store.StepSnapshot || hasDraft(r.State)
}

// hasDraft says whether a run in the state has rows and documents.
func hasDraft(s store.RunState) bool { return s == store.RunDraft || s == store.RunPublished }

// RunDocument implements store.Runs.
func (s *Store) RunDocument(ctx context.Context, district, id, name string) ([]byte, error) {
	return view(ctx, s, func(q queryer) ([]byte, error) {
		r, err := readRun(ctx, q, district, id)
		if err != nil {
			return nil, err
		}
		if !hasDraft(r.State) {
			return nil, fmt.Errorf("document %w", store.ErrNotFound)
		}
		content, err := one(ctx, q, (*values).bytes, `SELECT content FROM run_documents WHERE run = ? AND name = ?`, r.key, name)
		if errors.Is(err, store.ErrNotFound) {
			err = fmt.Errorf("document %w", err)
		}
		return content, err
	})
}

const runPlacementColumns = `student, opportunity, number, rank, score, reason`

func decodeRunPlacement(v *values) store.RunPlacement {
	return store.RunPlacement{
		Student: v.text(), Opportunity: v.optionalText(), Number: uint32(v.uint64()),
		Rank: v.int32(), Score: v.int32(), Reason: v.text(),
	}
}

// RunPlacements implements store.Runs.
func (s *Store) RunPlacements(ctx context.Context, district, id, after string, limit int) ([]store.RunPlacement, error) {
	return contents(ctx, s, district, id, limit, func(q queryer, r *runRow) ([]store.RunPlacement, error) {
		if !hasDraft(r.State) {
			return nil, nil // it may be finishing
		}
		return collect(ctx, q, decodeRunPlacement,
			`SELECT `+runPlacementColumns+` FROM run_placements WHERE run = ? AND student > ? ORDER BY student LIMIT ?`,
			r.key, after, limit)
	})
}

// RunPlacement implements store.Runs.
func (s *Store) RunPlacement(ctx context.Context, district, id, student string) (*store.RunPlacement, error) {
	return view(ctx, s, func(q queryer) (*store.RunPlacement, error) {
		r, err := readRun(ctx, q, district, id)
		if err != nil {
			return nil, err
		}
		if !hasDraft(r.State) {
			return nil, fmt.Errorf("student %w", store.ErrNotFound)
		}
		p, err := one(ctx, q, decodeRunPlacement,
			`SELECT `+runPlacementColumns+` FROM run_placements WHERE run = ? AND student = ?`, r.key, student)
		if errors.Is(err, store.ErrNotFound) {
			err = fmt.Errorf("student %w", err)
		}
		return &p, err
	})
}
