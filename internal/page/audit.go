package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// DefaultSmallGroup is how many students a group has at least to be shown: the
// commonest rule of education statistics (NCES 2011-603).
const DefaultSmallGroup = 10

// LeastSmallGroup and MostSmallGroup are what can be asked for instead.
const (
	LeastSmallGroup = 5
	MostSmallGroup  = 30
)

// Audit is the funnel of all students, and of the groups of each name.
type Audit struct {
	SmallGroup int `json:"small_group"`
	// Lotteries says that funnels have the chance over several lotteries.
	Lotteries bool    `json:"lotteries"`
	All       *Funnel `json:"all"` // nil where all students together are a small group
	Names     []Name  `json:"names"`
}

// Name are the groups of one name. Each student is in one of them: one who has
// several values is in a group of their own.
type Name struct {
	Name   string  `json:"name"`
	Groups []Group `json:"groups"` // by value, those without one last
}

// Group is a group's funnel, or nil where it is suppressed: because it is small,
// or because it would give a small one away.
type Group struct {
	Value  string  `json:"value"`
	Funnel *Funnel `json:"funnel"`
}

// Funnel is how far the students of a group got.
type Funnel struct {
	Students int64 `json:"students"`
	// Eligible have at least one opportunity that is, Candidates a list that
	// isn't empty, Ranked preferences of their own.
	Eligible   int64   `json:"eligible"`
	Candidates int64   `json:"with_candidates"`
	Ranked     int64   `json:"ranked"`
	Placed     int64   `json:"placed"`
	First      int64   `json:"first_choices"`
	TopThree   int64   `json:"top_three"`
	MeanScore  float64 `json:"mean_score"` // of the placed; 0 without any
	// Chance is the mean over the group of the share of lotteries by which a
	// student is placed.
	Chance float64 `json:"chance,omitempty"`
	// PlacedShare and TopShare are shares of Students, with their ratios to the
	// largest of the name; these are nil for all students, and where that is 0.
	PlacedShare Interval `json:"placed_interval"`
	PlacedRatio *Ratio   `json:"placed_ratio,omitempty"`
	TopRatio    *Ratio   `json:"top_three_ratio,omitempty"`
}

// audit follows the students by group, grade, school and region.
func (in *Input) audit() Audit {
	small := cmp.Or(in.SmallGroup, DefaultSmallGroup)
	members := in.members()
	parts := partitions(in.Problem.StudentRows, in.Students)
	suppress(parts, small)
	a := Audit{SmallGroup: small, Lotteries: in.Chances != nil}
	for i, part := range parts {
		name := Name{Name: part.name, Groups: part.funnels(members, in.Chances)}
		if i == 0 {
			a.All = name.Groups[0].Funnel
			continue
		}
		compare(name.Groups)
		a.Names = append(a.Names, name)
	}
	return a
}

// member is how far a student got.
type member struct {
	eligible, candidates, ranked, placed bool
	rank, weight                         int32
}

// members are the students in the problem's order.
func (in *Input) members() []member {
	found := make([]member, len(in.Problem.Students))
	for s, row := range in.Problem.StudentRows {
		from, to := in.Problem.Lists.Of(int32(s))
		placed := in.Placement.At[s] >= 0
		m := member{
			candidates: from < to, placed: placed, rank: in.rank(int32(s)), weight: in.Placement.Weight[s],
			ranked: from < to && in.Preferring != nil && in.Preferring(row),
		}
		m.eligible = m.candidates || placed || in.Eligible != nil && in.Eligible(row)
		found[s] = m
	}
	return found
}

// partitions are all students together, and then those of each name by value.
func partitions(rows []int32, students []matcher.Student) []*partition {
	values := make(map[string]map[int]string) // by name, by student
	say := func(name, value string, s int) {
		if value == "" {
			return
		}
		if values[name] == nil {
			values[name] = make(map[int]string)
		}
		values[name][s] = value
	}
	for s, row := range rows {
		groups := slices.Clone(students[row].Groups)
		slices.SortFunc(groups, func(a, b matcher.Group) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
		})
		for i := 0; i < len(groups); {
			var of []string
			name := groups[i].Name
			for ; i < len(groups) && groups[i].Name == name; i++ {
				of = append(of, groups[i].Value)
			}
			say(name, strings.Join(slices.Compact(of), " + "), s)
		}
	}
	for _, column := range []struct {
		name string
		of   func(*matcher.Student) string
	}{
		{"grade", func(s *matcher.Student) string { return s.Grade }},
		{"region", func(s *matcher.Student) string { return s.Region }},
		{"school", func(s *matcher.Student) string { return s.School }},
	} {
		if values[column.name] != nil { // the groups say it
			continue
		}
		for s, row := range rows {
			say(column.name, column.of(&students[row]), s)
		}
	}
	found := []*partition{newPartition("", len(rows), nil)}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		found = append(found, newPartition(name, len(rows), values[name]))
	}
	return found
}

// funnels adds up the groups that are not hidden.
func (p *partition) funnels(members []member, chances []float64) []Group {
	all := make([]Funnel, len(p.values))
	scores, sums := make([]int64, len(all)), make([]float64, len(all))
	for s, cell := range p.cells {
		m, f := &members[s], &all[cell]
		f.Students++
		f.Eligible += count(m.eligible)
		f.Candidates += count(m.candidates)
		f.Ranked += count(m.ranked)
		f.Placed += count(m.placed)
		f.First += count(m.rank == 1)
		f.TopThree += count(m.rank >= 1 && m.rank <= 3)
		if m.placed {
			scores[cell] += int64(m.weight)
		}
		if chances != nil {
			sums[cell] += chances[s]
		}
	}
	groups := make([]Group, len(all))
	for cell := range all {
		groups[cell].Value = p.values[cell]
		if f := &all[cell]; !p.hidden[cell] && f.Students > 0 {
			if f.Placed > 0 {
				f.MeanScore = float64(scores[cell]) / float64(f.Placed) / 1e6
			}
			f.Chance = sums[cell] / float64(f.Students)
			f.PlacedShare = wilson(f.Placed, f.Students)
			groups[cell].Funnel = f
		}
	}
	return groups
}

func count(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// compare gives each group its ratios to the best of those that are shown.
func compare(groups []Group) {
	ratios(groups, func(f *Funnel) int64 { return f.Placed }, func(f *Funnel, r *Ratio) { f.PlacedRatio = r })
	ratios(groups, func(f *Funnel) int64 { return f.TopThree }, func(f *Funnel, r *Ratio) { f.TopRatio = r })
}

func ratios(groups []Group, of func(*Funnel) int64, set func(*Funnel, *Ratio)) {
	var best *Funnel
	for _, g := range groups {
		// Shares are compared as products, which are exact.
		if f := g.Funnel; f != nil && (best == nil || of(f)*best.Students > of(best)*f.Students) {
			best = f
		}
	}
	if best == nil || of(best) == 0 {
		return
	}
	for _, g := range groups {
		if f := g.Funnel; f != nil {
			r := ratioOf(of(f), f.Students, of(best), best.Students)
			if f == best {
				r = Ratio{Value: 1, Interval: Interval{1, 1}}
			}
			set(f, &r)
		}
	}
}
