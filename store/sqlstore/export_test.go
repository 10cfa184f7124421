package sqlstore

import "testing"

// CountRunStudents counts the students of runs, also of those that keep nothing
// any more.
func CountRunStudents(t *testing.T, s *Store) int64 {
	t.Helper()
	n, err := one(t.Context(), s.reader, (*values).int64, `SELECT COUNT(*) FROM run_students`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
