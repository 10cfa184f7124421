package candidates

import (
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Set is a candidate set, without a cap per partner.
type Set struct {
	// Epoch that it holds for.
	Epoch store.Epoch
	// Complete: it has everything that is eligible with units above 0. If not,
	// it has all of that which isn't below its floor.
	Complete bool
	Floor    Floor // of a set that isn't complete
	// Denominator is what units are divided by to give the score shown.
	Denominator float64
	// Members by rank.
	Members []matcher.Member
}

// Floor is where a set ends: the units and the id of its last member when it
// was ranked.
type Floor struct {
	Units int64
	ID    []byte
}

// reaches reports whether a candidate isn't below the floor.
func (f *Floor) reaches(units int64, id string) bool {
	return units > f.Units || units == f.Units && id <= string(f.ID)
}

// Of makes the set of a ranking without a cap, of which most were asked for.
// Members are kept in s's own slice.
func (s *Set) Of(epoch store.Epoch, ranked []matcher.Candidate, most int, denominator float64) {
	s.Epoch, s.Denominator = epoch, denominator
	s.Members = s.Members[:0]
	for i := range ranked {
		s.Members = append(s.Members, matcher.Member{Number: ranked[i].Number, Units: ranked[i].Units})
	}
	s.Complete, s.Floor = len(ranked) < most, Floor{}
	if n := len(ranked); !s.Complete {
		s.Floor = Floor{ranked[n-1].Units, append(s.Floor.ID, ranked[n-1].Opportunity...)}
	}
}
