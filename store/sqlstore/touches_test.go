package sqlstore

import (
	"slices"
	"testing"
)

// TestTouchesAreBounded: what is too long ago is no longer known, and what is
// known is all there.
func TestTouchesAreBounded(t *testing.T) {
	var s touches
	_, first, _ := s.since("d", 0)
	s.add([]subjectKey{{"d", "b"}, {"other", "x"}, {"d", "a"}, {"d", "b"}})
	if ids, _, known := s.since("d", first); !known || !slices.Equal(ids, []string{"a", "b"}) {
		t.Fatalf("got %q, known: %v", ids, known)
	}
	_, mark, _ := s.since("d", first)
	for range maxTouches - 1 {
		s.add([]subjectKey{{"other", "x"}})
	}
	s.add([]subjectKey{{"d", "c"}})
	if _, _, known := s.since("d", first); known {
		t.Error("what was dropped is still said to be known")
	}
	s.add(slices.Repeat([]subjectKey{{"d", "e"}}, 2*maxTouches))
	if n := len(s.list); n > maxTouches {
		t.Errorf("%d are kept, want at most %d", n, maxTouches)
	}
	if _, _, known := s.since("d", mark); known {
		t.Error("what was dropped is still said to be known")
	}
	_, now, _ := s.since("d", 0)
	if ids, again, known := s.since("d", now); !known || len(ids) > 0 || again != now {
		t.Errorf("since now: got %q, known: %v", ids, known)
	}
	if _, _, known := s.since("d", now+1); known {
		t.Error("a mark that was never given is known")
	}
}
