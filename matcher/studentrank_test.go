package matcher_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// sameStudents compares an index of students with the plain loop over them, for
// every opportunity twice, since what was learnt from others must not matter.
func sameStudents(
	t rapid.TB, x *matcher.Index, r *matcher.StudentRanker, s *matcher.StudentIndex,
	students []matcher.Student, opportunities []string, q matcher.StudentQuery,
) {
	t.Helper()
	if !r.Move(x, s) {
		t.Fatal("the students don't fit the index")
	}
	if s.Len() != len(students) {
		t.Fatalf("there are %d students, want %d", s.Len(), len(students))
	}
	loop := x.NewRanker()
	var got []matcher.StudentCandidate
	for range 2 {
		for _, q.Opportunity = range opportunities {
			want, known := loop.RankStudents(&q, pointers(students))
			var ok bool
			if got, ok = r.Rank(got[:0], &q); ok != known {
				t.Fatalf("known: %v, want %v", ok, known)
			}
			same(t, reverse(got), reverse(want))
			for i := range students {
				if len(students) > 100 {
					break
				}
				parts, known := r.Parts(students[i].ID, q.Opportunity)
				if others, ok := loop.Parts(&students[i], q.Opportunity); ok != known || !slices.Equal(parts, others) {
					t.Fatalf("got the parts %+v, want %+v", parts, others)
				}
			}
		}
	}
}

func studentIndex(t rapid.TB, x *matcher.Index, students []matcher.Student) (*matcher.StudentIndex, *matcher.StudentRanker) {
	t.Helper()
	s, err := matcher.NewStudentIndex(x, pointers(students))
	if err != nil {
		t.Fatal(err)
	}
	r, ok := x.NewStudentRanker(s)
	if !ok {
		t.Fatal("the students don't fit the index that they were read with")
	}
	return s, r
}

func opportunityIDs(opportunities []matcher.Opportunity) []string {
	ids := []string{"none"}
	for i := range opportunities {
		ids = append(ids, opportunities[i].ID)
	}
	return ids
}

func TestStudentIndexIsThePlainLoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		x := w.index(t)
		names := tagNames(w.Tags)
		for i := range rapid.IntRange(0, 30).Draw(t, "more students") {
			w.students = append(w.students, drawStudent(t, opportunityID(t, i), append(names, "new")))
		}
		q := w.query(t)
		ask := matcher.StudentQuery{AsOf: q.AsOf, Term: q.Term, K: q.K, Forbidden: map[string]bool{}}
		for _, s := range drawSome(t, "forbidden students", w.students) {
			ask.Forbidden[s.ID] = true
		}
		s, r := studentIndex(t, x, w.students)
		sameStudents(t, x, r, s, w.students, opportunityIDs(w.Opportunities), ask)

		// The catalogue changes beside the students: tags may be new.
		c := catalogue{w.Catalogue}
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			next, err := x.Apply(c.drawChange(t, append(names, "new")))
			if err != nil {
				t.Fatal(err)
			}
			x = next
		}
		sameStudents(t, x, r, s, w.students, opportunityIDs(c.Opportunities), ask)

		// Students change beside the index.
		for change := range rapid.IntRange(1, 6).Draw(t, "changed students") {
			i := rapid.IntRange(0, len(w.students)-1).Draw(t, "which")
			switch rapid.SampledFrom([]string{"put", "add", "remove"}).Draw(t, "how") {
			case "put":
				w.students[i] = drawStudent(t, w.students[i].ID, append(names, "new"))
				put := w.students[i]
				s = s.With(matcher.StudentChange{Student: &put})
			case "add":
				id := fmt.Sprint("later", change)
				if i%2 == 0 {
					id = fmt.Sprint(" earlier", change)
				}
				add := drawStudent(t, id, names)
				w.students = append(w.students, add)
				s = s.With(matcher.StudentChange{Student: &add})
			case "remove":
				if len(w.students) > 1 {
					s = s.With(matcher.StudentChange{Removed: w.students[i].ID}, matcher.StudentChange{Removed: "nobody"})
					w.students = append(w.students[:i:i], w.students[i+1:]...)
				}
			}
			sameStudents(t, x, r, s, w.students, opportunityIDs(c.Opportunities), ask)
		}
	})
}

// manyStudents are over several windows, with so many regions, slots and ages
// that values share buckets.
func manyStudents(n int) []matcher.Student {
	rng := rand.New(rand.NewPCG(3, 4))
	week := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	students := make([]matcher.Student, n)
	for i := range students {
		s := &students[i]
		*s = matcher.Student{
			ID: fmt.Sprint("s", rng.Int64N(1<<40), "-", i), Grade: []string{"", "9", "10"}[rng.IntN(3)],
			Region: fmt.Sprint("r", rng.IntN(1+rng.IntN(400))),
		}
		if rng.IntN(5) > 0 {
			s.Age = new(int32(10 + rng.IntN(300)))
		}
		if rng.IntN(2) == 0 {
			for _, slot := range week {
				if rng.IntN(2) == 0 {
					s.Slots = append(s.Slots, slot)
				}
			}
		}
		if rng.IntN(3) == 0 {
			s.Credentials = []string{"first aid"}
		}
		if rng.IntN(2) == 0 {
			s.Position = &matcher.Position{Latitude: 40 + rng.Float64(), Longitude: -70 + rng.Float64()}
			if rng.IntN(2) == 0 {
				s.MaxKm = new(float64(rng.IntN(60)))
			}
		}
		for range 1 + rng.IntN(8) {
			tag := fmt.Sprint("t", rng.IntN(1+rng.IntN(60)))
			if rng.IntN(100) == 0 {
				tag = "unlisted"
			}
			s.Interests = append(s.Interests, matcher.Weighted{Tag: tag, Weight: matcher.Weight(500 * (1 + rng.IntN(20)))})
		}
	}
	return students
}

func TestStudentIndexOverManyWindows(t *testing.T) {
	c, _ := manyOpportunities(24, 7)
	rng := rand.New(rand.NewPCG(8, 0))
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		o.Seats = 1
		switch i % 6 {
		case 0:
			o.Position = &matcher.Position{Latitude: 40 + rng.Float64(), Longitude: -70 + rng.Float64()}
		case 1:
			o.Slots, o.Requires = []string{"a", "d"}, []string{"first aid"}
		case 2:
			o.MinAge = new(int32(12 + 100*rng.IntN(3)))
		case 3:
			o.Regions, o.Remote = []string{"r3", "r200", "r399"}, i%12 == 3
		}
	}
	students := manyStudents(26_000)
	if testing.Short() {
		c.Opportunities = c.Opportunities[:8]
	}
	for _, settings := range []matcher.Settings{
		{Decay: 5000, Measure: matcher.Cosine},
		{Decay: 5000, Measure: matcher.Dot, IDF: true},
		{Decay: 0, Measure: matcher.Overlap},
	} {
		t.Run(string(settings.Measure), func(t *testing.T) {
			x := index(t, c, settings)
			s, r := studentIndex(t, x, students)
			late := c.Opportunities[0]
			late.Tags = append(late.Tags[:len(late.Tags):len(late.Tags)], matcher.Weighted{Tag: "unlisted", Weight: 7000})
			x, err := x.Apply(matcher.Change{Opportunity: &late})
			if err != nil {
				t.Fatal(err)
			}
			now := slices.Concat(students[2000:], manyStudents(30)[20:])
			var changes []matcher.StudentChange
			for i := range students[:2000] {
				changes = append(changes, matcher.StudentChange{Removed: students[i].ID})
			}
			for i := range now[len(students)-2000:] {
				put := &now[len(students)-2000+i]
				put.ID += "again"
				changes = append(changes, matcher.StudentChange{Student: put})
			}
			with := s.With(changes...)
			for _, k := range []int{1, 10, 50, 1000, 30_000} {
				q := matcher.StudentQuery{K: k, Forbidden: map[string]bool{students[2100].ID: true, students[2101].ID: false}}
				sameStudents(t, x, r, s, students, opportunityIDs(c.Opportunities), q)
				sameStudents(t, x, r, with, now, opportunityIDs(c.Opportunities), q)
			}
		})
	}
}

// Where all units are equal, the ids alone decide.
func TestStudentIndexWhereEverythingTies(t *testing.T) {
	students := make([]matcher.Student, 20_000)
	for i, at := range rand.New(rand.NewPCG(9, 0)).Perm(len(students)) {
		students[i] = matcher.Student{ID: fmt.Sprint(at), Interests: []matcher.Weighted{{Tag: "robotics", Weight: 5000}}}
	}
	o := matcher.Opportunity{
		ID: "o", Seats: 1, Boost: 1, Status: matcher.Published, Tags: []matcher.Weighted{{Tag: "robotics", Weight: 1}},
	}
	for _, m := range matcher.Measures {
		x := index(t, matcher.Catalogue{Opportunities: []matcher.Opportunity{o}}, matcher.Settings{Measure: m})
		s, r := studentIndex(t, x, students)
		for _, k := range []int{1, 50, 5000} {
			sameStudents(t, x, r, s, students, []string{"o"}, matcher.StudentQuery{K: k})
		}
	}
}

func TestStudentIndexRefuses(t *testing.T) {
	tags := []matcher.Tag{{ID: "a", Importance: 1}, {ID: "b", Importance: 1}}
	x := index(t, matcher.Catalogue{Tags: tags}, matcher.Settings{Measure: matcher.Dot, Decay: 5000})
	students := []matcher.Student{{ID: "s"}, {ID: "s"}}
	if _, err := matcher.NewStudentIndex(x, pointers(students)); !errors.Is(err, matcher.ErrStudents) {
		t.Errorf("an id given twice: got %v", err)
	}
	s, _ := studentIndex(t, x, students[:1])
	tags[1].Parent = "a"
	for name, other := range map[string]*matcher.Index{
		"another parent": index(t, matcher.Catalogue{Tags: tags}, matcher.Settings{Measure: matcher.Dot, Decay: 5000}),
		"fewer tags":     index(t, matcher.Catalogue{Tags: tags[:1]}, matcher.Settings{Measure: matcher.Dot, Decay: 5000}),
		"another decay":  index(t, matcher.Catalogue{Tags: tags[:0]}, matcher.Settings{Measure: matcher.Dot}),
	} {
		if _, ok := other.NewStudentRanker(s); ok {
			t.Errorf("%s: the students fit", name)
		}
	}
}

func TestStudentRankingsAllocateNothing(t *testing.T) {
	c, _ := manyOpportunities(4, 7)
	x := index(t, c, matcher.Settings{Decay: 5000, Measure: matcher.Cosine})
	_, r := studentIndex(t, x, manyStudents(9000))
	var dst []matcher.StudentCandidate
	all := func() {
		for i := range c.Opportunities {
			dst, _ = r.Rank(dst[:0], &matcher.StudentQuery{Opportunity: c.Opportunities[i].ID, K: 10})
		}
	}
	for range 5 {
		all()
	}
	if n := testing.AllocsPerRun(5, all); n != 0 {
		t.Errorf("warm rankings allocate %v times; look for what escapes to the heap", n)
	}
}

// Students travel over the antimeridian and the poles, and just as far as the
// opportunity is away, or not quite.
func TestStudentIndexAsFarAsTheyTravel(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	const places = 12
	place := func(i int) *matcher.Position {
		latitude := []float64{0, 40, -60, 20, 84, 89.99}[i%places/2] + (rng.Float64()-0.5)/10
		longitude := []float64{179.9, -70}[i%2] + rng.Float64()/5
		if longitude > 180 {
			longitude -= 360
		}
		return &matcher.Position{Latitude: max(-90, min(90, latitude)), Longitude: longitude}
	}
	tags := []matcher.Weighted{{Tag: "a", Weight: 5000}}
	var c matcher.Catalogue
	for i := range 4 * places {
		c.Opportunities = append(c.Opportunities, matcher.Opportunity{
			ID: fmt.Sprint("o", i), Seats: 1, Boost: 1, Status: matcher.Published, Position: place(i), Tags: tags,
		})
	}
	var students []matcher.Student
	for i := range 5000 {
		s := matcher.Student{ID: fmt.Sprint("s", i), Position: place(i), Interests: tags}
		to := c.Opportunities[rng.IntN(4)*places+i%places].Position
		km := haversine(*s.Position, *to) * []float64{1 - 1e-13, 1, 1 + 1e-13, 0.9, 1.1}[rng.IntN(5)]
		s.MaxKm = &km
		students = append(students, s)
	}
	x := index(t, c, matcher.Settings{Measure: matcher.Dot})
	s, r := studentIndex(t, x, students)
	sameStudents(t, x, r, s, students, opportunityIDs(c.Opportunities), matcher.StudentQuery{K: 5000})
}

// haversine is the great-circle distance in kilometres.
func haversine(a, b matcher.Position) float64 {
	const radian = math.Pi / 180
	u, v := math.Sin((b.Latitude-a.Latitude)*radian/2), math.Sin((b.Longitude-a.Longitude)*radian/2)
	return 2 * 6371.0088 * math.Asin(math.Sqrt(u*u+math.Cos(a.Latitude*radian)*math.Cos(b.Latitude*radian)*v*v))
}
