package place

import (
	"slices"
	"testing"
)

func TestListComesFromTheFirstSourceWithRows(t *testing.T) {
	eligible := func(o int32) bool { return o != 3 }
	score := func(o int32) float64 { return float64(o) / 10 }
	candidates := []Scored{{4, 0.9}, {2, 0.5}}
	for name, c := range map[string]struct {
		from Sources
		want []Entry
	}{
		"preferences, by rank; who is ineligible keeps its place": {
			Sources{
				Preferences: []Ranked{{5, 30}, {3, 2}, {1, 1}, {0, 40}},
				Scores:      []Scored{{9, 0.1}, {1, 0.1234565}},
				Candidates:  candidates,
			},
			[]Entry{{1, 1, 123457}, {5, 3, 500000}, {0, 4, 1}},
		},
		"scores, by score and then opportunity; what is ineligible isn't counted": {
			Sources{Scores: []Scored{{7, 0.5}, {3, 1}, {2, 0.5}, {8, 0.75}}, Candidates: candidates},
			[]Entry{{8, 1, 750000}, {2, 2, 500000}, {7, 3, 500000}},
		},
		"candidates, as ranked": {Sources{Candidates: candidates}, []Entry{{4, 1, 900000}, {2, 2, 500000}}},
		"rows, but none eligible": {
			Sources{Preferences: []Ranked{{3, 1}}, Scores: []Scored{{1, 1}}, Candidates: candidates}, nil,
		},
		"nothing": {Sources{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.from.Eligible, c.from.Score = eligible, score
			if got := AppendList(nil, &c.from); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWeightIsTheScoreInMillionthsAndAtLeastOne(t *testing.T) {
	for score, want := range map[float64]int32{0: 1, 0.0000004: 1, 0.5: 500000, 0.1234567: 123457, 1: 1000000, 2: 2000000} {
		if got := WeightOf(score); got != want {
			t.Errorf("WeightOf(%v) = %d, want %d", score, got, want)
		}
	}
}

func TestListsAreAppendedInTurn(t *testing.T) {
	var l Lists
	l.Append([]Entry{{2, 1, 10}, {0, 3, 5}}, true)
	l.Append(nil, true)
	l.Append(nil, false)
	if l.Len() != 3 || !slices.Equal(l.First, []int32{0, 2, 2, 2}) || !slices.Equal(l.Ineligible, []bool{false, true, false}) {
		t.Errorf("lists %+v", l)
	}
	if l.find(0, 0) != 1 || l.find(0, 1) != none || l.find(1, 0) != none {
		t.Error("entries are not found")
	}
}
