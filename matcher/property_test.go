package matcher_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// everything is a limit above the size of any random district.
const everything = 1000

func TestFirstKIsPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := w.index(t).NewRanker()
		q := w.query(t)
		q.Student = &w.students[0]
		q.K = everything
		all := r.Rank(nil, &q)
		for q.K = 0; q.K <= len(all)+1; q.K++ {
			same(t, forward(r.Rank(nil, &q)), forward(all[:min(q.K, len(all))]))
		}
	})
}

// A cap may leave out, never reorder or exceed; whoever has no partner stays.
func TestCapPerPartner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		x := w.index(t)
		r := x.NewRanker()
		q := w.query(t)
		q.Student = &w.students[0]
		q.K, q.MaxPerPartner = everything, 0
		free := r.Rank(nil, &q)
		q.MaxPerPartner = rapid.IntRange(1, 3).Draw(t, "cap")
		of := map[string]int{}
		var kept []matcher.Candidate
		for _, c := range free {
			o, _ := x.Opportunity(c.Opportunity)
			if of[o.Partner]++; o.Partner == "" || of[o.Partner] <= q.MaxPerPartner {
				c.Rank = len(kept) + 1
				kept = append(kept, c)
			}
		}
		same(t, forward(r.Rank(nil, &q)), forward(kept))
		q.K = math.MaxInt
		same(t, forward(r.Rank(nil, &q)), forward(kept))
	})
}

func TestOrderOfRowsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		q := w.query(t)
		shuffled := *w
		shuffled.Tags = rapid.Permutation(w.Tags).Draw(t, "tags again")
		shuffled.Partners = rapid.Permutation(w.Partners).Draw(t, "partners again")
		shuffled.Opportunities = rapid.Permutation(w.Opportunities).Draw(t, "opportunities again")
		for i := range shuffled.Opportunities {
			o := &shuffled.Opportunities[i]
			o.Tags = rapid.Permutation(o.Tags).Draw(t, "own tags again")
		}
		r, again := w.index(t).NewRanker(), shuffled.index(t).NewRanker()
		for _, s := range w.students {
			q.Student = &s
			want := forward(r.Rank(nil, &q))
			s.Interests = rapid.Permutation(s.Interests).Draw(t, "interests again")
			same(t, forward(again.Rank(nil, &q)), want)
		}
		if len(w.Opportunities) == 0 {
			return
		}
		sq := matcher.StudentQuery{Opportunity: w.Opportunities[0].ID, AsOf: q.AsOf, K: q.K}
		want, _ := r.RankStudents(&sq, pointers(w.students))
		got, _ := again.RankStudents(&sq, pointers(rapid.Permutation(w.students).Draw(t, "students again")))
		same(t, reverse(got), reverse(want))
	})
}

func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := w.index(t).NewRanker()
		q := w.query(t)
		q.K, q.MaxPerPartner = everything, 0
		for i := range w.students {
			q.Student = &w.students[i]
			for _, c := range r.Rank(nil, &q) {
				parts, ok := r.Parts(q.Student, c.Opportunity)
				if !ok {
					t.Fatalf("no parts of candidate %q", c.Opportunity)
				}
				var sum int64
				for j, p := range parts {
					sum += p.Units
					if p.Units <= 0 || j > 0 && parts[j-1].Tag >= p.Tag {
						t.Fatalf("parts not above 0, or not by tag id: %+v", parts)
					}
				}
				if sum != c.Units {
					t.Fatalf("the parts add up to %d, the candidate has %d: %+v", sum, c.Units, parts)
				}
				e, _ := r.Explain(&q, c.Opportunity)
				if e.Units != c.Units || e.Score != c.Score || e.Rank != c.Rank || len(e.Failures) > 0 || !slices.Equal(e.Parts, parts) {
					t.Fatalf("got %+v, candidate %+v", e, c)
				}
			}
		}
	})
}

// Student s has opportunity o with u units in the one ranking if and only if
// o has s with u units in the other.
func TestReverseAgreesWithForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := w.index(t).NewRanker()
		q := matcher.Query{AsOf: rapid.SampledFrom(dates).Draw(t, "as of"), K: everything}
		if rarely(t, "has a term") {
			q.Term = rapid.SampledFrom(terms).Draw(t, "term wanted")
		}
		locks := map[[2]string]bool{}
		pairs := map[[2]string]entry{}
		for i := range w.students {
			s := &w.students[i]
			q.Student, q.Forbidden = s, w.drawIDs(t, "forbidden")
			for id, is := range q.Forbidden {
				locks[[2]string{s.ID, id}] = is
			}
			for _, c := range r.Rank(nil, &q) {
				pairs[[2]string{s.ID, c.Opportunity}] = entry{units: fmt.Sprint(c.Units), score: c.Score}
			}
		}
		for i := range w.Opportunities {
			id := w.Opportunities[i].ID
			forbidden := map[string]bool{}
			for j := range w.students {
				forbidden[w.students[j].ID] = locks[[2]string{w.students[j].ID, id}]
			}
			got, _ := r.RankStudents(&matcher.StudentQuery{
				Opportunity: id, AsOf: q.AsOf, Term: q.Term, Forbidden: forbidden, K: everything,
			}, pointers(w.students))
			for _, c := range got {
				pair := [2]string{c.Student, id}
				if want, ok := pairs[pair]; !ok || want != (entry{units: fmt.Sprint(c.Units), score: c.Score}) {
					t.Fatalf("the reverse has %+v for %v, forward has %+v, %v", c, pair, want, ok)
				}
				delete(pairs, pair)
			}
		}
		if len(pairs) > 0 {
			t.Fatalf("forward has pairs that the reverse lacks: %v", pairs)
		}
	})
}

// A segment is the same to the bit, so that what is slow or fast doesn't depend
// on the order of rows or on the machine either.
func TestOrderOfRowsAndWorkersChangeNoSegment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		shuffled := w.Catalogue
		shuffled.Opportunities = rapid.Permutation(w.Opportunities).Draw(t, "opportunities again")
		sameSegment(t, w.index(t), shuffled, w.settings, rapid.IntRange(1, 5).Draw(t, "workers"))
	})
}

func sameSegment(t rapid.TB, x *matcher.Index, c matcher.Catalogue, s matcher.Settings, workers int) {
	t.Helper()
	y, err := matcher.NewIndexBy(c, s, workers)
	if err != nil {
		t.Fatal(err)
	}
	if !x.SameSegment(y) {
		t.Fatalf("by %d workers it is another segment", workers)
	}
}

// Without idf, what isn't eligible leaves no trace.
func TestIneligibleChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.settings.IDF, w.settings.Statistics = false, nil
		q := w.query(t)
		more := *w
		more.Opportunities = slices.Clone(w.Opportunities)
		names := tagNames(w.Tags)
		for i := range rapid.IntRange(1, 5).Draw(t, "more") {
			o := drawOpportunity(t, fmt.Sprint("!", i), names, w.Partners)
			switch rapid.IntRange(0, 3).Draw(t, "why ineligible") {
			case 0:
				o.Status = matcher.Closed
			case 1:
				o.Seats = 0
			case 2:
				o.Opens = 20300101
			case 3:
				o.Requires = []string{"flight hours"}
			}
			more.Opportunities = append(more.Opportunities, o)
		}
		r, again := w.index(t).NewRanker(), more.index(t).NewRanker()
		for i := range w.students {
			q.Student = &w.students[i]
			same(t, forward(again.Rank(nil, &q)), forward(r.Rank(nil, &q)))
		}
	})
}

// Apply leaves its receiver as it is and gives what an index built anew from
// the changed catalogue, with the old statistics, gives.
func TestApplyEqualsNewIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		names := append(tagNames(w.Tags), "tag that came later")
		before := w.index(t)
		c := catalogue{w.Catalogue}
		s := w.settings
		if s.IDF && s.Statistics == nil {
			v, err := matcher.NewVocabulary(w.Tags)
			if err != nil {
				t.Fatal(err)
			}
			s.Statistics = new(matcher.StatisticsOf(v, w.Opportunities, s.Decay))
		}
		q := w.query(t)
		q.Student = &w.students[0]
		// Every index on the way must stay as it is, whatever comes after it.
		steps := []*matcher.Index{before}
		ranked := [][]entry{forward(before.NewRanker().Rank(nil, &q))}
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			var changes []matcher.Change
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				changes = append(changes, c.drawChange(t, names))
			}
			x, err := steps[len(steps)-1].Apply(changes...)
			if err != nil {
				t.Fatal(err)
			}
			steps = append(steps, x)
			ranked = append(ranked, forward(x.NewRanker().Rank(nil, &q)))
		}
		x, anew := steps[len(steps)-1], index(t, c.Catalogue, s)
		if x.Len() != anew.Len() || x.Len() != len(c.Opportunities) {
			t.Fatalf("Len is %d, of an index built anew %d, want %d", x.Len(), anew.Len(), len(c.Opportunities))
		}
		sameIndex(t, x, anew, w.students, q)
		for i, step := range steps {
			same(t, forward(step.NewRanker().Rank(nil, &q)), ranked[i])
		}
	})
}

// sameIndex compares both rankings and the explanations of two indexes.
func sameIndex(t rapid.TB, x, y *matcher.Index, students []matcher.Student, q matcher.Query) {
	t.Helper()
	r, again := x.NewRanker(), y.NewRanker()
	for i := range students {
		q.Student = &students[i]
		ranked := r.Rank(nil, &q)
		same(t, forward(ranked), forward(again.Rank(nil, &q)))
		for _, c := range ranked {
			got, _ := r.Explain(&q, c.Opportunity)
			want, _ := again.Explain(&q, c.Opportunity)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("explanations differ: %+v, %+v", got, want)
			}
			sq := matcher.StudentQuery{Opportunity: c.Opportunity, AsOf: q.AsOf, Term: q.Term, K: q.K}
			suited, _ := r.RankStudents(&sq, pointers(students))
			others, _ := again.RankStudents(&sq, pointers(students))
			same(t, reverse(suited), reverse(others))
		}
	}
}

// catalogue is changed in the plainest way beside an index.
type catalogue struct{ matcher.Catalogue }

// drawChange draws a change and makes it.
func (c *catalogue) drawChange(t *rapid.T, names []string) matcher.Change {
	switch rapid.SampledFrom([]string{"write", "write", "rewrite", "remove", "partner", "remove partner"}).Draw(t, "change") {
	case "rewrite":
		if len(c.Opportunities) > 0 {
			o := rapid.SampledFrom(c.Opportunities).Draw(t, "rewritten")
			o.Seats = rapid.Int32Range(0, 2).Draw(t, "seats left")
			return c.write(o)
		}
	case "remove":
		id := "never there"
		if len(c.Opportunities) > 0 && !rarely(t, "removes nothing") {
			id = rapid.SampledFrom(c.Opportunities).Draw(t, "removed").ID
		}
		c.remove(id)
		return matcher.Change{RemovedOpportunity: id}
	case "partner":
		p := matcher.Partner{ID: fmt.Sprint("p", rapid.IntRange(0, 5).Draw(t, "partner")), Kind: "recreation"}
		if rapid.Bool().Draw(t, "has a cap") {
			p.MaxSeats = new(rapid.Int32Range(0, 1).Draw(t, "max_seats"))
		}
		c.removePartner(p.ID)
		c.Partners = append(c.Partners, p)
		return matcher.Change{Partner: &p}
	case "remove partner":
		id := fmt.Sprint("p", rapid.IntRange(0, 5).Draw(t, "removed partner"))
		if !slices.ContainsFunc(c.Opportunities, func(o matcher.Opportunity) bool { return o.Partner == id }) {
			c.removePartner(id)
			return matcher.Change{RemovedPartner: id}
		}
	}
	id := opportunityID(t, rapid.IntRange(0, 30).Draw(t, "written"))
	return c.write(drawOpportunity(t, id, names, c.Partners))
}

func (c *catalogue) write(o matcher.Opportunity) matcher.Change {
	c.remove(o.ID)
	c.Opportunities = append(c.Opportunities, o)
	return matcher.Change{Opportunity: &o}
}

func (c *catalogue) remove(id string) {
	c.Opportunities = slices.DeleteFunc(slices.Clone(c.Opportunities), func(o matcher.Opportunity) bool { return o.ID == id })
}

func (c *catalogue) removePartner(id string) {
	c.Partners = slices.DeleteFunc(slices.Clone(c.Partners), func(p matcher.Partner) bool { return p.ID == id })
}
