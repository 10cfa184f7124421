package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// studentsAtOnce is how many students are read at a time.
const studentsAtOnce = 4096

// readInput reads what was kept of a run's input. errDamaged where it isn't what
// was kept.
func readInput(ctx context.Context, s store.Runs, key store.RunKey, progress func(done int64)) (*input, error) {
	catalogue, err := readStream(ctx, s, key, store.StepSnapshot)
	if err != nil {
		return nil, err
	}
	in, err := decodeCatalogue(catalogue)
	if err != nil {
		return nil, err
	}
	b := newStudents(in)
	for after := ""; ; {
		students, err := s.RunStudents(ctx, key.District, key.ID, after, studentsAtOnce)
		if err != nil {
			return nil, err
		}
		for i := range students {
			if err := b.add(&students[i]); err != nil {
				return nil, err
			}
		}
		progress(int64(len(in.folder.Students)))
		if len(students) < studentsAtOnce {
			b.finish()
			return in, nil
		}
		after = students[len(students)-1].ID
	}
}

// inputOf is the input of a run that keeps nothing. It goes the same way as one
// that is kept, so that the same comes of it.
func inputOf(from *store.RunInput) (*input, error) {
	in, err := decodeCatalogue(sealed(encodeCatalogue(from)))
	if err != nil {
		return nil, err
	}
	b := newStudents(in)
	for s := range studentsOf(from) {
		if err := b.add(&s); err != nil {
			return nil, err
		}
	}
	b.finish()
	return in, nil
}

// readStream reads the parts of a step and puts them together. errDamaged where
// one isn't what was kept.
func readStream(ctx context.Context, s store.Runs, key store.RunKey, step store.Step) ([]byte, error) {
	const atOnce = 16
	var stream []byte
	for after := 0; ; {
		parts, err := s.RunParts(ctx, key.District, key.ID, step, after, atOnce)
		if err != nil {
			return nil, err
		}
		for i := range parts {
			p := &parts[i]
			if after++; p.Number != after || !p.Intact() {
				return nil, errDamaged
			}
			stream = append(stream, p.Content...)
		}
		if len(parts) < atOnce {
			return stream, nil
		}
	}
}

// students puts an input's students into its folder.
type students struct {
	in     *input
	ids    map[uint32]string // of opportunities, by number
	known  map[string]string
	digest hash.Hash
}

func newStudents(in *input) *students {
	b := &students{in: in, ids: make(map[uint32]string, len(in.numbers)), known: make(map[string]string), digest: sha256.New()}
	for i, n := range in.numbers {
		b.ids[n] = in.folder.Opportunities[i].ID
	}
	return b
}

// add adds a student with its rows.
func (b *students) add(s *store.RunStudent) error {
	content, err := opened(s.Content)
	if err != nil {
		return err
	}
	b.digest.Write(store.AppendText(store.AppendText(nil, s.ID), string(content)))
	d := &decoder{rest: content, known: b.known}
	if d.uint() != snapshotVersion {
		return errDamaged
	}
	f := b.in.folder
	f.Students = append(f.Students, d.student(s.ID))
	opportunity := func() string {
		id, there := b.ids[uint32(d.uint())]
		if !there {
			d.fail()
		}
		return id
	}
	r := &f.Rows
	for range d.count() {
		r.Preferences = append(r.Preferences, place.Preference{Student: s.ID, Opportunity: opportunity(), Rank: d.int32()})
	}
	for range d.count() {
		r.Scores = append(r.Scores, place.Score{Student: s.ID, Opportunity: opportunity(), Score: d.float()})
	}
	for range d.count() {
		r.Priorities = append(r.Priorities, place.Priority{Student: s.ID, Opportunity: opportunity(), Tier: d.int32()})
	}
	for range d.count() {
		l := place.Lock{Student: s.ID, Opportunity: opportunity(), Action: place.Forbid}
		if d.bool() {
			l.Action = place.Place
		}
		l.Reason = d.text()
		r.Locks = append(r.Locks, l)
	}
	for range d.count() {
		r.Standing = append(r.Standing, place.Standing{Student: s.ID, Opportunity: opportunity()})
	}
	if d.failed || len(d.rest) > 0 {
		return errDamaged
	}
	return nil
}

func (b *students) finish() {
	b.in.folder.Hashes["students"] = hex.EncodeToString(b.digest.Sum(nil))
}

// checkedBy are the statistics that the checker of the run needs; nil: none.
func (in *input) checkedBy() *matcher.Statistics {
	if !in.settings.IDF {
		return nil
	}
	return &in.statistics
}
