package live

import (
	"slices"
	"testing"

	"github.com/kindred-match/kindred/store"
)

func TestTheLogKnowsWhatItHas(t *testing.T) {
	l := changeLog{start: 10}
	l = l.with(step{from: 10, to: 12, numbers: []uint32{1, 2}})
	l = l.with(step{from: 12, to: 15, numbers: []uint32{3}, blurred: true})
	l = l.with(step{from: 15, to: 16, numbers: []uint32{4}})
	for _, c := range []struct {
		since store.Epoch
		known bool
		want  []uint32
	}{
		{9, false, nil}, // before the log begins
		{10, true, []uint32{1, 2, 3, 4}},
		{11, true, []uint32{1, 2, 3, 4}}, // within a step: perhaps more than has changed
		{12, true, []uint32{3, 4}},
		{14, false, nil}, // within a step that is blurred
		{15, true, []uint32{4}},
		{16, true, nil},
	} {
		got, known := l.since(nil, c.since)
		if known != c.known || !slices.Equal(got, c.want) {
			t.Errorf("since %d: %v, %v; want %v, %v", c.since, got, known, c.want, c.known)
		}
	}
}

func TestTheLogForgetsTheOldest(t *testing.T) {
	var l changeLog
	const each = 1000
	for i := range store.Epoch(100) {
		l = l.with(step{from: i, to: i + 1, numbers: make([]uint32, each)})
		got, known := l.since(nil, l.start)
		if !known || len(got) > maxLogged {
			t.Fatalf("%d changes since %d, known: %v", len(got), l.start, known)
		}
	}
	if l.start != 100-maxLogged/each {
		t.Errorf("it reaches back to %d", l.start)
	}
	l = l.with(step{from: 100, to: 101, numbers: make([]uint32, maxLogged+1)})
	if got, known := l.since(nil, 101); !known || len(got) > 0 || l.start != 101 {
		t.Errorf("after more than it can have, it reaches back to %d", l.start)
	}
}
