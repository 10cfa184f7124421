// Package oracle is a brute-force reference of eligibility, score and ranking.
//
// It is written down from INTERFACES.md rule by rule: maps by tag name, exact
// sums in math/big, every pair scored, everything sorted. It is slow, and it
// shares with package matcher nothing but the rows of a district, so that an
// error would have to be made twice to stay unseen. Only tests use it.
package oracle

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// Settings are what shapes every score of a district.
type Settings struct {
	// Decay is the ancestor decay in ten-thousandths, 0 to 10,000.
	Decay uint16
	// IDF turns inverse document frequency on.
	IDF bool
	// Measure is cosine, dot or overlap.
	Measure string
	// Statistics replace the district's own counts where they are given.
	Statistics *Statistics
}

// Statistics is what inverse document frequency counts.
type Statistics struct {
	// Published is N, the number of published opportunities.
	Published int64
	// Frequency is df by tag: how many of them have it after passing up.
	Frequency map[string]int64
}

// Options are what is asked of one ranking.
type Options struct {
	AsOf matcher.Date
	Term string // empty: any
	// K is how many candidates are wanted; 0 or less: all.
	K int
	// MaxPerPartner is how many of one partner may be among them; 0: no limit.
	// The reverse ranking has one opportunity only and pays no heed to it.
	MaxPerPartner int
	// Kinds, PartnerKinds restrict to those named; empty: any.
	Kinds        []matcher.OpportunityKind
	PartnerKinds []matcher.PartnerKind
	// Exclude are ids of opportunities to leave out.
	Exclude map[string]bool
	// Forbidden are the ids that locks forbid: of opportunities, or in the
	// reverse ranking of students.
	Forbidden map[string]bool
}

// Candidate is an entry of a ranking. ID is an opportunity's, or in the
// reverse ranking a student's.
type Candidate struct {
	ID    string
	Rank  int // from 1
	Units *big.Int
	Score float64 // what is shown, before it is cut to 6 decimals
}

// Part is what one shared tag adds to a score.
type Part struct {
	Tag                              string
	Profile, Opportunity, Importance int64
	Units                            *big.Int
}

// District is a district's rows, worked out as far as no student is involved.
type District struct {
	settings   Settings
	parent     map[string]string  // by tag
	importance map[string]float64 // by tag
	stands     map[string]string  // by synonym, the tag that it stands for
	partners   map[string]matcher.Partner
	postings   []posting
	at         map[string]int   // by opportunity, its place in postings
	weight     map[string]int64 // by tag, G of every tag that has been seen
}

// posting is an opportunity with its weights and impacts by tag.
type posting struct {
	row     matcher.Opportunity
	weights map[string]int64
	impacts map[string]int64
}

// New works out a district. The rows must be good input; nothing is checked.
func New(tags []matcher.Tag, partners []matcher.Partner, opportunities []matcher.Opportunity, settings Settings) *District {
	d := &District{
		settings:   settings,
		parent:     map[string]string{},
		importance: map[string]float64{},
		stands:     map[string]string{},
		partners:   map[string]matcher.Partner{},
		at:         map[string]int{},
		weight:     map[string]int64{},
	}
	for _, t := range tags {
		d.parent[t.ID] = t.Parent
		d.importance[t.ID] = t.Importance
		for _, s := range t.Synonyms {
			d.stands[s] = t.ID
		}
	}
	for _, p := range partners {
		d.partners[p.ID] = p
	}
	for i, o := range opportunities {
		weights := d.passedUp(o.Tags)
		d.at[o.ID] = i
		d.postings = append(d.postings, posting{
			row: o, weights: weights, impacts: impacts(settings.Measure, o.Boost, weights),
		})
	}
	d.weighTags()
	return d
}

// passedUp gives the weights of the named tags and of all their ancestors.
func (d *District) passedUp(named []matcher.Weighted) map[string]int64 {
	result := map[string]int64{}
	for _, n := range named {
		tag := n.Tag
		if t, ok := d.stands[tag]; ok {
			tag = t
		}
		for w := int64(n.Weight); w > 0 && tag != ""; tag = d.parent[tag] {
			result[tag] = max(result[tag], w)
			w = w * int64(d.settings.Decay) / 10000
		}
	}
	return result
}

// Statistics counts the district's own published opportunities.
func (d *District) Statistics() Statistics {
	s := Statistics{Frequency: map[string]int64{}}
	for _, p := range d.postings {
		if p.row.Status != "published" {
			continue
		}
		s.Published++
		for tag := range p.weights {
			s.Frequency[tag]++
		}
	}
	return s
}

// weighTags fills in G for every tag that is listed or that an opportunity has.
func (d *District) weighTags() {
	var s Statistics
	if d.settings.Statistics != nil {
		s = *d.settings.Statistics
	} else {
		s = d.Statistics()
	}
	logs := map[int64]float64{} // by df
	weigh := func(tag string) {
		g, listed := d.importance[tag]
		if !listed {
			g = 1
		}
		if !d.settings.IDF {
			d.weight[tag] = importance(g)
			return
		}
		df := s.Frequency[tag]
		if df == 0 {
			d.weight[tag] = 0
			return
		}
		if _, ok := logs[df]; !ok {
			logs[df] = Ln(1 + float64(s.Published)/float64(df))
		}
		d.weight[tag] = importanceIDF(g, logs[df])
	}
	for tag := range d.importance {
		weigh(tag)
	}
	for _, p := range d.postings {
		for tag := range p.weights {
			weigh(tag)
		}
	}
	for tag := range s.Frequency {
		weigh(tag)
	}
}

// Importance is G of a tag. One that nobody listed and no opportunity has
// counts as importance 1, and with idf, as nothing has it, as 0.
func (d *District) Importance(tag string) int64 {
	if g, ok := d.weight[tag]; ok {
		return g
	}
	if d.settings.IDF {
		return 0
	}
	return 1000
}

// Rank ranks the opportunities for a student.
func (d *District) Rank(s *matcher.Student, opts Options) []Candidate {
	profile := d.profile(s)
	scale := d.scale(profile)
	var all []Candidate
	for i := range d.postings {
		p := &d.postings[i]
		units := d.units(profile, p)
		if units.Sign() > 0 && d.wanted(p, opts) && len(d.refusals(s, p, opts, opts.Forbidden[p.row.ID])) == 0 {
			all = append(all, Candidate{ID: p.row.ID, Units: units})
		}
	}
	order(all)
	result := all[:0]
	of := map[string]int{}
	for _, c := range all {
		partner := d.postings[d.at[c.ID]].row.Partner
		if partner != "" && opts.MaxPerPartner > 0 && of[partner] >= opts.MaxPerPartner {
			continue
		}
		of[partner]++
		result = append(result, c)
	}
	result = first(result, opts.K)
	for i := range result {
		result[i].Score = d.shown(result[i].Units, scale)
	}
	return result
}

// RankAll is Rank for every student. Forbidden is by student and opportunity;
// it takes the place of that of the options.
func (d *District) RankAll(students []matcher.Student, opts Options, forbidden map[string]map[string]bool) [][]Candidate {
	result := make([][]Candidate, len(students))
	for i := range students {
		opts.Forbidden = forbidden[students[i].ID]
		result[i] = d.Rank(&students[i], opts)
	}
	return result
}

// RankStudents is the reverse: it ranks the students for an opportunity. An
// opportunity that the district lacks, or that the options leave out, has no
// candidates.
func (d *District) RankStudents(opportunity string, students []matcher.Student, opts Options) []Candidate {
	i, ok := d.at[opportunity]
	if !ok || !d.wanted(&d.postings[i], opts) {
		return nil
	}
	p := &d.postings[i]
	var all []Candidate
	for j := range students {
		s := &students[j]
		profile := d.profile(s)
		units := d.units(profile, p)
		if units.Sign() > 0 && len(d.refusals(s, p, opts, opts.Forbidden[s.ID])) == 0 {
			all = append(all, Candidate{ID: s.ID, Units: units, Score: d.shown(units, d.scale(profile))})
		}
	}
	order(all)
	return first(all, opts.K)
}

// Explain gives the parts of a pair's score by tag id, eligible or not, and
// what they add up to.
func (d *District) Explain(s *matcher.Student, opportunity string) (parts []Part, units *big.Int, score float64) {
	units = new(big.Int)
	i, ok := d.at[opportunity]
	if !ok {
		return nil, units, 0
	}
	p := &d.postings[i]
	profile := d.profile(s)
	for _, i := range profile {
		other, shared := p.weights[i.tag]
		if !shared {
			continue
		}
		if part := d.part(i, other, p); part.Sign() > 0 {
			parts = append(parts, Part{
				Tag: i.tag, Profile: i.weight, Opportunity: other, Importance: i.importance, Units: part,
			})
			units.Add(units, part)
		}
	}
	if units.Sign() > 0 {
		score = d.shown(units, d.scale(profile))
	}
	return parts, units, score
}

// order sorts by units descending, then by id ascending.
func order(all []Candidate) {
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(b.Units.Cmp(a.Units), strings.Compare(a.ID, b.ID))
	})
}

// first keeps the first k, all if k is not positive, and numbers them.
func first(all []Candidate, k int) []Candidate {
	if k > 0 && k < len(all) {
		all = all[:k]
	}
	for i := range all {
		all[i].Rank = i + 1
	}
	return all
}
