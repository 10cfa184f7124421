package matcher_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

func TestParseDate(t *testing.T) {
	for s, want := range map[string]matcher.Date{
		"2026-09-01":           20260901,
		"2024-02-29":           20240229,
		"0001-01-01":           10101,
		"9999-12-31":           99991231,
		"2026-02-29":           0,
		"2026-13-01":           0,
		"2026-00-01":           0,
		"0000-01-01":           0,
		"2026-9-1":             0,
		"01.09.2026":           0,
		"20260901":             0,
		"2026-09-01T00:00:00Z": 0,
		" 2026-09-01":          0,
		"":                     0,
	} {
		got, err := matcher.ParseDate(s)
		if got != want || (want == 0) != errors.Is(err, matcher.ErrDate) {
			t.Errorf("ParseDate(%q) = %d, %v", s, got, err)
		}
		if want != 0 && got.String() != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	}
	if s := matcher.Date(0).String(); s != "" {
		t.Errorf("no date is %q", s)
	}
}

func TestDatesCompareAsDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Int64Range(-600_000, 2_000_000)
		a := time.Unix(86400*day.Draw(t, "a"), 0).UTC()
		b := time.Unix(86400*day.Draw(t, "b"), 0).UTC()
		x, y := matcher.DateOf(a), matcher.DateOf(b)
		if (x < y) != a.Before(b) || (x == y) != a.Equal(b) {
			t.Fatalf("%v and %v compare otherwise than %v and %v", x, y, a, b)
		}
		back, err := matcher.ParseDate(x.String())
		if err != nil || back != x {
			t.Fatalf("%v comes back as %v, %v", x, back, err)
		}
	})
}

func TestDateOfUsesTheLocation(t *testing.T) {
	utc := time.Date(2026, 9, 1, 2, 0, 0, 0, time.UTC)
	west := utc.In(time.FixedZone("west", -5*3600))
	if d := matcher.DateOf(utc); d != 20260901 {
		t.Errorf("got %d", d)
	}
	if d := matcher.DateOf(west); d != 20260831 {
		t.Errorf("got %d", d)
	}
}
