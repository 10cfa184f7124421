package sqlstore

import (
	"errors"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// TestDamagedOpportunitiesAreRefused takes away and spoils parts of the text
// that holds an opportunity.
func TestDamagedOpportunitiesAreRefused(t *testing.T) {
	whole := []string{
		"o1", "p1", "internship", "fall", "3", "1", "hard", "9\n10", "north", "0", "mon pm", "", "16", "0", "20000", "",
		"published", "cad=9000\nrobotics=5000", "7", "1", "2", "A title" + separator + "with the separator",
	}
	decode := func(parts []string) (matcher.Opportunity, error) {
		v := &values{row: []any{strings.Join(parts, separator), 1.5, -2.5, 1.25}}
		r := decodeOpportunity(v)
		return r.Opportunity, v.err
	}
	o, err := decode(whole)
	if err != nil {
		t.Fatal(err)
	}
	if o.Title != whole[21] || *o.MinAge != 16 || o.Tags[1] != (matcher.Weighted{Tag: "robotics", Weight: 5000}) ||
		*o.Position != (matcher.Position{Latitude: 1.5, Longitude: -2.5}) || o.Boost != 1.25 || len(o.Grades) != 2 {
		t.Errorf("decoded %+v", o)
	}
	for n := range whole {
		if _, err := decode(whole[:n]); !errors.Is(err, errColumn) {
			t.Errorf("%d parts: error %v, want %v", n, err, errColumn)
		}
	}
	for _, i := range []int{4, 5, 9, 12, 13, 14, 17, 18, 19, 20} {
		spoilt := append([]string(nil), whole...)
		spoilt[i] = "cad=x"
		if _, err := decode(spoilt); !errors.Is(err, errColumn) {
			t.Errorf("part %d spoilt: error %v, want %v", i, err, errColumn)
		}
	}
}
