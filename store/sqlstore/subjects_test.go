package sqlstore

import (
	"strconv"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// TestSubjectsAreBounded: those that are asked for stay, and the rest goes.
func TestSubjectsAreBounded(t *testing.T) {
	s := &subjects{}
	keep := subjectKey{"d", "kept"}
	s.put(keep, &store.Subject{Student: &matcher.Student{ID: "kept"}}, 0)
	for i := range 3 * maxSubjects {
		key := subjectKey{"d", strconv.Itoa(i)}
		s.put(key, &store.Subject{}, 0)
		if known, _ := s.get(keep); known == nil || known.Student.ID != "kept" {
			t.Fatalf("after %d others the one that is asked for all the time is gone", i+1)
		}
		if n := len(s.young) + len(s.old); n > maxSubjects {
			t.Fatalf("%d are kept after %d, want at most %d", n, i+2, maxSubjects)
		}
	}
	if known, _ := s.get(subjectKey{"d", "0"}); known != nil {
		t.Error("the first is still there")
	}
}
