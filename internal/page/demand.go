package page

import (
	"cmp"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// Demand is what students want of the opportunities of one kind or tag, and
// what there is.
type Demand struct {
	Name          string `json:"name"`
	Opportunities int64  `json:"opportunities"` // published ones
	Seats         int64  `json:"seats"`
	// Listed is how many students have one of them on their list, First how many
	// have one as the first entry, Placed how many are placed at one.
	Listed int64 `json:"listed"`
	First  int64 `json:"first"`
	Placed int64 `json:"placed"`
}

// notSaid stands for what the input leaves open.
const notSaid = "not said"

// demand adds up lists and placements by kind, kind of partner and tag.
func (in *Input) demand(r *Report) {
	partnerKinds := make(map[string]string, len(in.Partners))
	for i := range in.Partners {
		partnerKinds[in.Partners[i].ID] = string(in.Partners[i].Kind)
	}
	names := in.tagNames()
	r.Kinds = in.demandBy(func(o *matcher.Opportunity) []string { return []string{cmp.Or(string(o.Kind), notSaid)} })
	r.PartnerKinds = in.demandBy(func(o *matcher.Opportunity) []string {
		return []string{cmp.Or(partnerKinds[o.Partner], notSaid)}
	})
	r.Tags = in.demandBy(func(o *matcher.Opportunity) []string {
		var found []string
		for _, t := range o.Tags {
			found = append(found, cmp.Or(names[t.Tag], t.Tag))
		}
		slices.Sort(found)
		return slices.Compact(found)
	})
}

// tagNames are labels, or else ids, by tag and synonym.
func (in *Input) tagNames() map[string]string {
	names := make(map[string]string, len(in.Tags))
	labels := make(map[string]int)
	for i := range in.Tags {
		labels[in.Tags[i].Label]++
	}
	for i := range in.Tags {
		t := &in.Tags[i]
		name := t.ID
		if t.Label != "" && labels[t.Label] == 1 {
			name = t.Label
		}
		names[t.ID] = name
		for _, synonym := range t.Synonyms {
			names[synonym] = name
		}
	}
	return names
}

// demandBy adds up by the classes of opportunities; the most wanted first, then
// by name.
func (in *Input) demandBy(classes func(*matcher.Opportunity) []string) []Demand {
	p := in.Problem
	var found []Demand
	numbers := make(map[string]int)
	of := make([][]int, len(p.Opportunities))
	for o, row := range p.OpportunityRows {
		opportunity := &in.Opportunities[row]
		for _, name := range classes(opportunity) {
			at, known := numbers[name]
			if !known {
				at = len(found)
				numbers[name] = at
				found = append(found, Demand{Name: name})
			}
			of[o] = append(of[o], at)
			if published(opportunity) {
				found[at].Opportunities++
				found[at].Seats += int64(opportunity.Seats)
			}
			found[at].Placed += int64(in.Placement.Placed[o])
		}
	}
	last := make([]int, len(found)) // the student, from 1, who was counted last
	for s := range p.Students {
		from, to := p.Lists.Of(int32(s))
		for e := from; e < to; e++ {
			for _, at := range of[p.Lists.Opportunity[e]] {
				if e == from {
					found[at].First++
				}
				if last[at] != s+1 {
					last[at] = s + 1
					found[at].Listed++
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b Demand) int {
		return cmp.Or(cmp.Compare(b.First, a.First), cmp.Compare(b.Seats, a.Seats), cmp.Compare(a.Name, b.Name))
	})
	return found
}
