package matcher_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// sameBatch compares a batch with rankings one by one. Each student is asked
// twice, since what was learnt from others must not matter.
func sameBatch(t rapid.TB, x *matcher.Index, students []matcher.Student, q matcher.Query, forbidden func(i int) map[string]bool) {
	t.Helper()
	r, batch := x.NewRanker(), x.NewBatch(&q).NewRanker()
	var dst []matcher.Numbered
	for i := range 2 * len(students) {
		q.Student = &students[i%len(students)]
		q.Forbidden = forbidden(i % len(students))
		dst = batch.Rank(dst[:0], q.Student, q.Forbidden)
		got := make([]matcher.Candidate, len(dst))
		for j, n := range dst {
			got[j] = matcher.Candidate{
				Opportunity: x.Numbered(n.Opportunity).ID, Rank: j + 1, Units: n.Units, Score: batch.Score(n.Units),
			}
		}
		same(t, forward(got), forward(r.Rank(nil, &q)))
	}
}

// sameEligible compares what a batch says is eligible with the rules.
func sameEligible(t rapid.TB, x *matcher.Index, opportunities []matcher.Opportunity, students []matcher.Student, q matcher.Query,
	forbidden func(i int) map[string]bool,
) {
	t.Helper()
	batch := x.NewBatch(&q).NewRanker()
	for i := range students {
		q.Student, q.Forbidden = &students[i], forbidden(i)
		var got, want []string
		for _, number := range batch.Eligible(nil, q.Student, q.Forbidden) {
			got = append(got, x.Numbered(number).ID)
		}
		for j := range opportunities {
			o := &opportunities[j]
			with, _ := x.Partner(o.Partner)
			kind := len(q.Kinds) == 0 || slices.Contains(q.Kinds, o.Kind)
			partnerKind := len(q.PartnerKinds) == 0 || with != nil && slices.Contains(q.PartnerKinds, with.Kind)
			if kind && partnerKind && !q.Exclude[o.ID] && len(matcher.Failures(&q, o, with)) == 0 {
				want = append(want, o.ID)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("eligible are %v, want %v", got, want)
		}
	}
}

func TestBatchIsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		q := w.query(t)
		x := w.index(t)
		forbidden := make([]map[string]bool, len(w.students))
		for i := range forbidden {
			forbidden[i] = w.drawIDs(t, "forbidden")
		}
		of := func(i int) map[string]bool { return forbidden[i] }
		sameBatch(t, x, w.students, q, of)
		sameEligible(t, x, w.Opportunities, w.students, q, of)

		c := catalogue{w.Catalogue}
		var changes []matcher.Change
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			changes = append(changes, c.drawChange(t, tagNames(w.Tags)))
		}
		x, err := x.Apply(changes...)
		if err != nil {
			t.Fatal(err)
		}
		sameBatch(t, x, w.students, q, of)
		sameEligible(t, x, c.Opportunities, w.students, q, of)
	})
}

func TestBatchOverManyWindows(t *testing.T) {
	c, students := manyOpportunities(26_000, 7)
	rng := rand.New(rand.NewPCG(8, 0))
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		if rng.IntN(3) == 0 {
			o.Position = &matcher.Position{Latitude: 40 + rng.Float64(), Longitude: -70 + rng.Float64()}
		}
		if rng.IntN(5) == 0 {
			o.Slots, o.Requires = []string{"mon"}, []string{"first aid"}
		}
		if rng.IntN(9) == 0 {
			o.MinAge = new(int32(14 + rng.IntN(4)))
		}
	}
	for i := range students {
		s := &students[i]
		s.Position, s.MaxKm = &matcher.Position{Latitude: 40.5, Longitude: -69.5}, new(float64(5*i*i))
		s.Slots, s.Credentials = [][]string{nil, {"mon"}, {"tue"}}[i%3], [][]string{{"first aid"}, nil}[i%2]
		s.Age = new(int32(13 + i%5))
	}
	if testing.Short() {
		students = students[:4]
	}
	for _, s := range []matcher.Settings{
		{Decay: 5000, Measure: matcher.Cosine},
		{Decay: 5000, Measure: matcher.Dot, IDF: true},
		{Decay: 0, Measure: matcher.Overlap},
	} {
		t.Run(string(s.Measure), func(t *testing.T) {
			x := index(t, c, s)
			for _, k := range []int{1, 10, 50, 1000, 30_000} {
				q := matcher.Query{K: k, MaxPerPartner: k % 1000 / 400}
				sameBatch(t, x, students, q, func(int) map[string]bool { return nil })
			}
		})
	}
}

// Where all units are equal, the ids alone decide.
func TestBatchWhereEverythingTies(t *testing.T) {
	const n = 20_000
	c := matcher.Catalogue{Opportunities: make([]matcher.Opportunity, n)}
	order := rand.New(rand.NewPCG(9, 0)).Perm(n)
	for i := range c.Opportunities {
		c.Opportunities[i] = matcher.Opportunity{
			ID:    "o" + string(rune('a'+order[i]%26)) + string(rune('a'+order[i]/26%26)) + string(rune('a'+order[i]/676)),
			Seats: 1, Boost: 1, Status: matcher.Published, Tags: []matcher.Weighted{{Tag: "robotics", Weight: 5000}},
		}
	}
	students := []matcher.Student{
		{ID: "a", Interests: []matcher.Weighted{{Tag: "robotics", Weight: 1}}},
		{ID: "b", Interests: []matcher.Weighted{{Tag: "robotics", Weight: 10000}, {Tag: "chess", Weight: 10}}},
		{ID: "c", Interests: []matcher.Weighted{{Tag: "chess", Weight: 10}}},
		{ID: "d"},
	}
	for _, m := range matcher.Measures {
		x := index(t, c, matcher.Settings{Decay: 5000, Measure: m})
		for _, k := range []int{1, 50, 5000} {
			sameBatch(t, x, students, matcher.Query{K: k}, func(int) map[string]bool { return nil })
		}
	}
}

func TestBatchesAllocateNothing(t *testing.T) {
	for _, m := range matcher.Measures {
		c, students := manyOpportunities(9000, 7)
		for i := range students {
			students[i].Position, students[i].MaxKm = &matcher.Position{Latitude: 40.5, Longitude: -69.5}, new(float64(5*i*i))
		}
		x := index(t, c, matcher.Settings{Decay: 5000, Measure: m})
		for _, k := range []int{1, 50, 1000} {
			r := x.NewBatch(&matcher.Query{K: k}).NewRanker()
			var dst []matcher.Numbered
			all := func() {
				for i := range students {
					dst = r.Rank(dst[:0], &students[i], nil)
				}
			}
			for range 5 {
				all()
			}
			if n := testing.AllocsPerRun(5, all); n != 0 {
				t.Errorf("%s, k = %d: warm rankings allocate %v times; look for what escapes to the heap", m, k, n)
			}
		}
	}
}
