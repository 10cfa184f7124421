package equality

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// Options say how much to compare.
type Options struct {
	Queries  int // over all settings
	Seed     uint64
	Progress func(done, total int64) // may be nil
}

// Report is what was compared. The maps count queries.
type Report struct {
	Queries       int            `json:"queries"`
	Differences   int            `json:"differences"`
	First         string         `json:"first,omitempty"` // difference, without what is a student's
	Candidates    int64          `json:"candidates"`      // that were compared
	Empty         int            `json:"empty"`           // answers
	ByMeasure     map[string]int `json:"by_measure"`
	ByFilter      map[string]int `json:"by_filter"`
	BySelectivity map[string]int `json:"by_selectivity"` // by a sample of 2,000 opportunities
	Changed       int            `json:"changed"`        // of an index after changes
}

// settings are all that are compared, with the decays in turn.
func settings() []matcher.Settings {
	var all []matcher.Settings
	for i, m := range matcher.Measures {
		all = append(all,
			matcher.Settings{Measure: m, Decay: matcher.DefaultDecay},
			matcher.Settings{Measure: m, Decay: []matcher.Weight{0, matcher.One, 7777}[i%3], IDF: true})
	}
	return all
}

// Compare draws queries for a catalogue and its students and ranks with both,
// half of them after changes.
func Compare(c matcher.Catalogue, students []matcher.Student, o Options) (*Report, error) {
	r := &Report{ByMeasure: map[string]int{}, ByFilter: map[string]int{}, BySelectivity: map[string]int{}}
	p := poolsOf(&c)
	all := settings()
	for i, s := range all {
		rng := rand.New(rand.NewPCG(o.Seed, uint64(i)))
		x, err := matcher.NewIndex(c, s)
		if err != nil {
			return nil, err
		}
		n := (o.Queries + len(all) - 1) / len(all)
		both := func(x *matcher.Index, n int) {
			k := comparison{r: r, x: x, c: &c, p: p, ranker: x.NewRanker(), plain: matcher.NewPlain(x)}
			for range n {
				k.query(draw(rng, p, students, k.best))
				if o.Progress != nil {
					o.Progress(int64(r.Queries), int64(o.Queries))
				}
			}
		}
		both(x, n-n/2)
		if x, err = x.Apply(changes(rng, &c)...); err != nil {
			return nil, err
		}
		both(x, n/2)
		r.Changed += n / 2
	}
	return r, nil
}

// changes are some of every kind: seats, what eligibility looks at, new tags,
// new opportunities, removals.
func changes(rng *rand.Rand, c *matcher.Catalogue) []matcher.Change {
	var list []matcher.Change
	for i := range min(300, len(c.Opportunities)/4) {
		o := c.Opportunities[rng.IntN(len(c.Opportunities))]
		from := &c.Opportunities[rng.IntN(len(c.Opportunities))]
		switch i % 6 {
		case 0:
			o.Seats = int32(rng.IntN(2))
		case 1:
			o.Grades, o.Regions, o.Term, o.Kind, o.Opens = from.Grades, from.Regions, from.Term, from.Kind, from.Opens
		case 2:
			o.Tags = from.Tags
		case 3:
			o.ID = fmt.Sprint("new-", i)
		case 4:
			o.Status = matcher.Published
		default:
			list = append(list, matcher.Change{RemovedOpportunity: o.ID})
			continue
		}
		list = append(list, matcher.Change{Opportunity: &o})
	}
	for range min(5, len(c.Partners)) {
		p := c.Partners[rng.IntN(len(c.Partners))]
		p.Kind, p.MaxSeats = matcher.PartnerKinds[rng.IntN(8)], new(int32(rng.IntN(2)))
		list = append(list, matcher.Change{Partner: &p})
	}
	return list
}

// comparison ranks with both.
type comparison struct {
	r      *Report
	x      *matcher.Index
	c      *matcher.Catalogue
	p      *pools
	ranker *matcher.Ranker
	plain  *matcher.Plain
	best   []string // of the last query that found something
}

func (k *comparison) query(d *drawn) {
	got, want := k.ranker.Rank(nil, &d.Query), k.capped(&d.Query)
	r := k.r
	if !slices.Equal(got, want) {
		r.Differences++
		if r.First == "" {
			r.First = difference(got, want, d, k.x.Settings())
		}
	}
	r.Queries++
	r.Candidates += int64(len(want))
	if len(want) == 0 {
		r.Empty++
	} else {
		k.best = k.best[:0]
		for _, c := range want[:min(len(want), 200)] {
			k.best = append(k.best, c.Opportunity)
		}
	}
	s := k.x.Settings()
	measure := string(s.Measure)
	if s.IDF {
		measure += ", idf"
	}
	r.ByMeasure[measure]++
	for _, f := range d.filters {
		r.ByFilter[f]++
	}
	r.BySelectivity[k.selectivity(&d.Query)]++
}

func difference(got, want []matcher.Candidate, d *drawn, s matcher.Settings) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("%s, idf %v, k %d, filters %v: %d candidates, want %d; they differ from rank %d on",
		s.Measure, s.IDF, d.K, d.filters, len(got), len(want), at+1)
}

// capped is what the plain loop finds, with the cap per partner applied to a
// longer and longer ranking until there are enough.
func (k *comparison) capped(q *matcher.Query) []matcher.Candidate {
	if q.MaxPerPartner == 0 {
		return k.plain.Rank(nil, q)
	}
	free := *q
	for free.K = 4 * q.K; ; free.K *= 8 {
		all := k.plain.Rank(nil, &free)
		of := make(map[string]int)
		var kept []matcher.Candidate
		for _, c := range all {
			o, _ := k.x.Opportunity(c.Opportunity)
			if of[o.Partner]++; o.Partner == "" || of[o.Partner] <= q.MaxPerPartner {
				c.Rank = len(kept) + 1
				kept = append(kept, c)
			}
			if len(kept) == q.K {
				return kept
			}
		}
		if len(all) < free.K {
			return kept
		}
	}
}

// selectivity names the class of the share of opportunities that pass.
func (k *comparison) selectivity(q *matcher.Query) string {
	const sample = 2000
	step := max(1, len(k.c.Opportunities)/sample)
	pass, all := 0, 0
	for i := 0; i < len(k.c.Opportunities); i += step {
		all++
		o, ok := k.x.Opportunity(k.c.Opportunities[i].ID)
		if !ok {
			continue
		}
		partner, _ := k.x.Partner(o.Partner)
		if (len(q.Kinds) == 0 || slices.Contains(q.Kinds, o.Kind)) &&
			(len(q.PartnerKinds) == 0 || partner != nil && slices.Contains(q.PartnerKinds, partner.Kind)) &&
			len(matcher.Failures(q, o, partner)) == 0 {
			pass++
		}
	}
	switch share := float64(pass) / float64(max(1, all)); {
	case share >= 0.5:
		return "50 % and more"
	case share >= 0.1:
		return "10 to 50 %"
	case share >= 0.01:
		return "1 to 10 %"
	case share > 0:
		return "below 1 %"
	default:
		return "none of the sample"
	}
}
