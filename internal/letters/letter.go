// Package letters writes a short text per student of a run, for parents: where
// the student is placed, why, what else was considered, and whom to ask.
package letters

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/matcher"
)

// Letter is what a template can tell of a student. All texts are on one line.
type Letter struct {
	Student string // the id
	Placed  bool
	// Reason is PLACED, or NO_CANDIDATES, ALL_INELIGIBLE, OUTCOMPETED or TRADEOFF.
	Reason string

	// Of where the student is placed; empty where it isn't. Title is the id where
	// there is no title.
	Opportunity, Title, Partner, Kind, Term string
	// How the student came to it: listed, locked, kept (it had it before) or
	// filled (on a free seat at the end).
	How      string
	Decision string // the coordinator's reason, where that was given
	Choice   int    // the rank on the student's list; 0: it is not on it
	// Interests are the labels of the tags that both share, the weightiest
	// first.
	Interests []string

	// List is what the student's list is made of: preferences (what it asked
	// for), scores, or candidates (what fits its interests).
	List string
	// Others are some of the list that the student didn't get, in its order;
	// More is how many are left out.
	Others []Other
	More   int

	Objective string // of the run
	Seed      uint64
	Lottery   int    // the student's place in the lottery, from 1
	Students  int    // of the run
	Date      string // YYYY-MM-DD: the day that opportunities had to be open on
	Contact   string // whom to ask
}

// Other is an opportunity that the student didn't get.
type Other struct {
	Opportunity, Title, Partner string

	Choice int    // the rank on the list; 0: it is not on it
	Reason string // a code of explain
	Why    string // a sentence or two
}

// Run is what all letters of a run have in common.
type Run struct {
	Students int
	Contact  string
	Tags     []matcher.Tag // for their labels

	labels map[string]string
}

// Letter tells of one student.
func (r *Run) Letter(b *placement.Brief) *Letter {
	l := &Letter{
		Student: line(b.Student), Placed: b.Has != nil, Reason: string(b.Reason),
		List: string(b.Source), More: b.More, How: b.How, Choice: int(b.Rank),
		Objective: string(b.Objective), Seed: b.Seed, Lottery: b.Lottery, Students: r.Students,
		Date: b.AsOf.String(), Contact: line(r.Contact),
	}
	if o := b.Has; o != nil {
		l.Opportunity, l.Title, l.Partner = line(o.ID), title(o.Title, o.ID), line(b.Partner)
		l.Kind, l.Term = strings.ReplaceAll(string(o.Kind), "_", " "), line(o.Term)
		l.Decision = strings.TrimRight(line(b.Decision), ".")
		l.Interests = r.interests(b.Shared)
	}
	for i := range b.List {
		a := &b.List[i]
		l.Others = append(l.Others, Other{
			Opportunity: line(a.Opportunity), Title: title(a.Title, a.Opportunity), Partner: line(a.Partner),
			Choice: int(a.Rank), Reason: a.Reason, Why: line(a.Text),
		})
	}
	return l
}

func title(title, id string) string { return cmp.Or(line(title), line(id)) }

// interests are the labels of shared tags, the weightiest first.
func (r *Run) interests(parts []matcher.Part) []string {
	if r.labels == nil {
		r.labels = make(map[string]string, len(r.Tags))
		for i := range r.Tags {
			r.labels[r.Tags[i].ID] = r.Tags[i].Label
		}
	}
	sorted := slices.Clone(parts)
	slices.SortStableFunc(sorted, func(a, b matcher.Part) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Tag, b.Tag))
	})
	labels := make([]string, 0, len(sorted))
	for _, p := range sorted {
		label := title(r.labels[p.Tag], p.Tag)
		if !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// line puts what comes out of a folder on one line without control characters,
// so that it can't end a letter or move a cursor.
func line(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c)
	}), " ")
}
