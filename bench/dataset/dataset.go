// Package dataset has the catalogues that are measured, with the students
// whose queries are asked.
package dataset

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/bench/folders"
	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

// Set is a catalogue and students that nothing was tuned on.
type Set struct {
	Name      string
	Catalogue matcher.Catalogue
	Students  []matcher.Student
	AsOf      matcher.Date
}

// seed is that of the invented districts.
const seed = 1

// heldOut is the number of the first invented student that is asked for here;
// kindred bench rank, with which the ranker was tuned, takes those from 0 on.
const heldOut = 50_000_000

// Names of the sets, from small to large; GENERATED ones are a number of
// opportunities.
var Names = []string{"district-nyc", "10000", "100000", "1000000", "tate", "arxiv"}

// Large is the set that takes minutes to make.
const Large = "10000000"

// Load makes a set with so many students. Real data are looked for below data.
func Load(ctx context.Context, name, data string, students int) (*Set, error) {
	s := &Set{Name: name}
	switch name {
	case "arxiv", "tate":
		f, err := folders.Make(name, data, folders.Options{Students: students, Profiles: folders.HeldOut})
		if err != nil {
			return nil, err
		}
		s.Catalogue.Tags, s.Catalogue.Opportunities, s.Students = f.Tags, f.Opportunities, f.Students
	case "district-nyc":
		f, err := district.Read(ctx, filepath.Join(data, name), district.Options{Students: true})
		if err != nil {
			return nil, err
		}
		s.Catalogue = matcher.Catalogue{Tags: f.Tags, Partners: f.Partners, Opportunities: f.Opportunities}
		// The first are those that the ranker was tuned on.
		s.Students = f.Students[max(0, len(f.Students)-students):]
		s.AsOf = 20260901
	default:
		n, err := strconv.Atoi(name)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("there is no set %q: %s or a number of opportunities are known", name, strings.Join(Names, ", "))
		}
		return invented(s, n, students)
	}
	return s, nil
}

func invented(s *Set, n, students int) (*Set, error) {
	v, err := generate.District(generate.Options{Students: students, Opportunities: n, Seed: seed, Plain: true})
	if err != nil {
		return nil, err
	}
	s.Catalogue.Tags = v.Tags()
	s.Catalogue.Opportunities = slices.AppendSeq(make([]matcher.Opportunity, 0, n), v.Opportunities())
	for i := range students {
		s.Students = append(s.Students, v.Student(heldOut+i))
	}
	return s, nil
}

// Settings are those that the sets are ranked with where nothing else is said.
func Settings() matcher.Settings {
	return matcher.Settings{Decay: matcher.DefaultDecay, Measure: matcher.Cosine}
}

// TagsOnly takes away what eligibility looks at, so that everyone is eligible
// for everything and nothing but tags counts.
func (s *Set) TagsOnly() {
	for i := range s.Catalogue.Opportunities {
		o := &s.Catalogue.Opportunities[i]
		*o = matcher.Opportunity{
			ID: o.ID, Seats: 1, MinPolicy: matcher.MinHard, Boost: o.Boost, Status: matcher.Published, Tags: o.Tags,
		}
	}
	for i := range s.Students {
		s.Students[i] = matcher.Student{ID: s.Students[i].ID, Interests: s.Students[i].Interests}
	}
}
