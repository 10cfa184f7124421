package runs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// snapshotVersion is that of the values of a snapshot.
const snapshotVersion = 1

// input is what a run is made of.
type input struct {
	epoch      store.Epoch
	settings   store.Settings
	statistics matcher.Statistics
	// folder has the seats and caps that are left of reservations, students in
	// the order of ids, and of rows those that are told by student in this order.
	folder *district.Folder
	// numbers are the store's, by row of the folder's opportunities.
	numbers []uint32
}

// snapshotOf is what a run keeps of its input: the catalogue in parts, and
// students one by one.
func snapshotOf(in *store.RunInput, partBytes int) store.Snapshot {
	return store.Snapshot{
		Epoch: in.Epoch, Erasures: in.Erasures,
		Parts: cut(sealed(encodeCatalogue(in)), partBytes), Students: studentsOf(in),
	}
}

// encodeCatalogue is the input without its students, with what is left of seats
// and caps.
func encodeCatalogue(in *store.RunInput) []byte {
	e := new(encoder)
	e.uint(snapshotVersion)
	e.uint(uint64(in.Epoch))
	e.uint(uint64(in.Settings.AncestorDecay))
	e.bool(in.Settings.IDF)
	e.text(in.Settings.TimeZone)
	e.int(in.Statistics.Published)
	tags := slices.Sorted(maps.Keys(in.Statistics.Frequency))
	encodeList(e, tags, func(tag *string) {
		e.text(*tag)
		e.int(in.Statistics.Frequency[*tag])
	})
	encodeList(e, in.Tags, func(t *store.TagRecord) {
		e.text(t.ID)
		e.text(t.Label)
		e.text(t.Parent)
		e.float(t.Importance)
		e.texts(t.Synonyms)
	})
	reserved := make(map[string]int32) // by partner
	for i := range in.Opportunities {
		reserved[in.Opportunities[i].Partner] += in.Reserved[in.Opportunities[i].ID]
	}
	encodeList(e, in.Partners, func(p *store.PartnerRecord) { e.partner(p, reserved[p.ID]) })
	encodeList(e, in.Opportunities, func(o *store.OpportunityRecord) { e.opportunity(o, in.Reserved[o.ID]) })
	encodeList(e, in.Rows.Reserves, func(r *place.Reserve) {
		e.text(r.Opportunity)
		e.text(r.Group.Name)
		e.text(r.Group.Value)
		e.int32(r.Seats)
	})
	return e.b
}

func (e *encoder) partner(p *store.PartnerRecord, reserved int32) {
	e.text(p.ID)
	e.text(p.Name)
	e.text(string(p.Kind))
	e.text(p.Region)
	optional(e, p.MaxSeats, func(limit int32) { e.int32(max(0, limit-reserved)) })
	e.texts(p.Goals)
}

func (d *decoder) partner() matcher.Partner {
	return matcher.Partner{
		ID: d.text(), Name: d.text(), Kind: matcher.PartnerKind(d.shared()), Region: d.shared(),
		MaxSeats: decodeOptional(d, d.int32), Goals: d.texts(),
	}
}

func (e *encoder) opportunity(o *store.OpportunityRecord, reserved int32) {
	e.uint(uint64(o.Number))
	e.text(o.ID)
	e.text(o.Partner)
	e.text(o.Title)
	e.text(string(o.Kind))
	e.text(o.Term)
	e.int32(max(0, o.Seats-reserved))
	e.int32(o.MinSeats)
	e.text(string(o.MinPolicy))
	e.texts(o.Grades)
	e.texts(o.Regions)
	e.bool(o.Remote)
	e.texts(o.Slots)
	e.texts(o.Requires)
	optional(e, o.MinAge, e.int32)
	e.position(o.Position)
	e.int32(int32(o.Opens))
	e.int32(int32(o.Closes))
	e.texts(o.Goals)
	e.float(o.Boost)
	e.text(string(o.Status))
	e.weighted(o.Tags)
}

func (d *decoder) opportunity() matcher.Opportunity {
	return matcher.Opportunity{
		Number: uint32(d.uint()), ID: d.text(), Partner: d.shared(), Title: d.text(),
		Kind: matcher.OpportunityKind(d.shared()), Term: d.shared(), Seats: d.int32(), MinSeats: d.int32(),
		MinPolicy: matcher.MinPolicy(d.shared()), Grades: d.texts(), Regions: d.texts(), Remote: d.bool(),
		Slots: d.texts(), Requires: d.texts(), MinAge: decodeOptional(d, d.int32), Position: d.position(),
		Opens: matcher.Date(d.int32()), Closes: matcher.Date(d.int32()), Goals: d.texts(), Boost: d.float(),
		Status: matcher.Status(d.shared()), Tags: d.weighted(),
	}
}

// decodeCatalogue reads what encodeCatalogue made, but for the students.
func decodeCatalogue(b []byte) (*input, error) {
	content, err := opened(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{rest: content, known: make(map[string]string)}
	if d.uint() != snapshotVersion {
		return nil, fmt.Errorf("%w: its snapshot is of another version of the program", errDamaged)
	}
	in := &input{folder: new(district.Folder)}
	in.epoch = store.Epoch(d.uint())
	in.settings.AncestorDecay = matcher.Weight(d.below(int(matcher.One) + 1))
	in.settings.IDF = d.bool()
	in.settings.TimeZone = d.text()
	in.statistics = matcher.Statistics{Published: d.int(), Frequency: make(map[string]int64)}
	for range d.count() {
		tag := d.shared()
		in.statistics.Frequency[tag] = d.int()
	}
	f := in.folder
	f.Tags = decodeList(d, func() matcher.Tag {
		return matcher.Tag{ID: d.shared(), Label: d.text(), Parent: d.shared(), Importance: d.float(), Synonyms: d.texts()}
	})
	f.Partners = decodeList(d, d.partner)
	f.Opportunities = decodeList(d, d.opportunity)
	f.Rows.Reserves = decodeList(d, func() place.Reserve {
		return place.Reserve{
			Opportunity: d.shared(), Group: matcher.Group{Name: d.shared(), Value: d.shared()}, Seats: d.int32(),
		}
	})
	if d.failed || len(d.rest) > 0 {
		return nil, errDamaged
	}
	in.numbers = make([]uint32, len(f.Opportunities))
	for i := range f.Opportunities { // a folder's have none
		in.numbers[i], f.Opportunities[i].Number = f.Opportunities[i].Number, 0
	}
	if f.Vocabulary, err = matcher.NewVocabulary(f.Tags); err != nil {
		return nil, fmt.Errorf("%w: its tags: %w", errDamaged, err)
	}
	digest := sha256.Sum256(content)
	f.Hashes = map[string]string{"catalogue": hex.EncodeToString(digest[:])}
	return in, nil
}

// studentsOf yields what a run keeps of each student. Rows come in the order of
// students, so each kind is gone through once.
func studentsOf(in *store.RunInput) iter.Seq[store.RunStudent] {
	return func(yield func(store.RunStudent) bool) {
		numbers := make(map[string]uint32, len(in.Opportunities))
		for i := range in.Opportunities {
			numbers[in.Opportunities[i].ID] = in.Opportunities[i].Number
		}
		// Those of priorities come by opportunity.
		priorities := slices.Clone(in.Rows.Priorities)
		slices.SortStableFunc(priorities, func(a, b place.Priority) int { return cmp.Compare(a.Student, b.Student) })
		rest := aboutStudents{in.Rows.Preferences, in.Rows.Scores, priorities, in.Rows.Locks, in.Rows.Standing, in.Placed}
		for i := range in.Students {
			s := &in.Students[i].Student
			e := new(encoder)
			e.uint(snapshotVersion)
			e.student(s)
			rest.encode(e, s.ID, numbers)
			if !yield(store.RunStudent{ID: s.ID, Content: sealed(e.b)}) {
				return
			}
		}
	}
}

// aboutStudents are the rows that are still to be told, by student.
type aboutStudents struct {
	preferences []place.Preference
	scores      []place.Score
	priorities  []place.Priority
	locks       []place.Lock
	standing    []place.Standing
	placed      []store.Entry
}

// encode tells the rows of the next student.
func (a *aboutStudents) encode(e *encoder, id string, numbers map[string]uint32) {
	number := func(opportunity string) { e.uint(uint64(numbers[opportunity])) }
	encodeList(e, next(&a.preferences, id, func(r *place.Preference) string { return r.Student }), func(r *place.Preference) {
		number(r.Opportunity)
		e.int32(r.Rank)
	})
	encodeList(e, next(&a.scores, id, func(r *place.Score) string { return r.Student }), func(r *place.Score) {
		number(r.Opportunity)
		e.float(r.Score)
	})
	encodeList(e, next(&a.priorities, id, func(r *place.Priority) string { return r.Student }), func(r *place.Priority) {
		number(r.Opportunity)
		e.int32(r.Tier)
	})
	encodeList(e, next(&a.locks, id, func(r *place.Lock) string { return r.Student }), func(r *place.Lock) {
		number(r.Opportunity)
		e.bool(r.Action == place.Place)
		e.text(r.Reason)
	})
	standing := next(&a.standing, id, func(r *place.Standing) string { return r.Student })
	placed := next(&a.placed, id, func(r *store.Entry) string { return r.Student })
	if len(placed) > 0 { // the ledger is what counts
		standing = []place.Standing{{Student: id, Opportunity: placed[0].Opportunity}}
	}
	encodeList(e, standing, func(r *place.Standing) { number(r.Opportunity) })
}

// next takes the rows of a student off rows that are in the order of students;
// those of students before it are passed over.
func next[T any](rows *[]T, id string, student func(*T) string) []T {
	from := 0
	for from < len(*rows) && student(&(*rows)[from]) < id {
		from++
	}
	to := from
	for to < len(*rows) && student(&(*rows)[to]) == id {
		to++
	}
	taken := (*rows)[from:to]
	*rows = (*rows)[to:]
	return taken
}

func (e *encoder) student(s *matcher.Student) {
	e.text(s.Grade)
	e.text(s.School)
	e.text(s.Region)
	optional(e, s.Age, e.int32)
	e.texts(s.Slots)
	e.texts(s.Credentials)
	e.position(s.Position)
	optional(e, s.MaxKm, e.float)
	encodeList(e, s.Groups, func(g *matcher.Group) {
		e.text(g.Name)
		e.text(g.Value)
	})
	e.weighted(s.Interests)
}

func (d *decoder) student(id string) matcher.Student {
	return matcher.Student{
		ID: id, Grade: d.shared(), School: d.shared(), Region: d.shared(), Age: decodeOptional(d, d.int32),
		Slots: d.texts(), Credentials: d.texts(), Position: d.position(), MaxKm: decodeOptional(d, d.float),
		Groups: decodeList(d, func() matcher.Group {
			name := d.shared()
			return matcher.Group{Name: name, Value: d.shared()}
		}),
		Interests: d.weighted(),
	}
}
