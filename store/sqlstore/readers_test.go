package sqlstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// TestMoreReadersThanConnections has many read at once out of a store that was
// just opened: what they ask is prepared by one of them while the others have all
// connections.
func TestMoreReadersThanConnections(t *testing.T) {
	dir := t.TempDir()
	st := openStore(t, sqlstore.Options{Dir: dir})
	const students = 40
	var puts []store.StudentPut
	for i := range students {
		puts = append(puts, store.StudentPut{Student: &matcher.Student{ID: fmt.Sprint(i)}})
	}
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	if _, err := st.PutStudents(t.Context(), "d", store.Request{Now: now}, puts); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		st := openStore(t, sqlstore.Options{Dir: dir, Readers: 2})
		var readers sync.WaitGroup
		for i := range students {
			readers.Go(func() {
				if s, err := st.Subject(t.Context(), "d", fmt.Sprint(i)); err != nil || s.Student.ID != fmt.Sprint(i) {
					t.Errorf("student %d: %v, %v", i, s, err)
				}
			})
		}
		readers.Wait()
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
