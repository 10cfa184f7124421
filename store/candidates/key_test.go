package candidates_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
)

func ptr[T any](x T) *T { return &x }

// TestWhatShapesAnAnswerIsInItsKey changes one thing at a time.
func TestWhatShapesAnAnswerIsInItsKey(t *testing.T) {
	type ask struct {
		district, id string
		subject      store.Subject
		question     candidates.Question
	}
	changes := map[string]func(*ask){
		"nothing":        func(*ask) {},
		"district":       func(a *ask) { a.district = "south" },
		"student":        func(a *ask) { a.id = "t" },
		"where one ends": func(a *ask) { a.district, a.id = "norths", "" },
		"interests":      func(a *ask) { a.subject.Student.Interests = []matcher.Weighted{{Tag: "a", Weight: 2}} },
		"more interests": func(a *ask) {
			a.subject.Student.Interests = []matcher.Weighted{{Tag: "a", Weight: 1}, {Tag: "b", Weight: 1}}
		},
		"grade":              func(a *ask) { a.subject.Student.Grade = "9" },
		"region":             func(a *ask) { a.subject.Student.Region = "9" },
		"age":                func(a *ask) { a.subject.Student.Age = ptr(int32(0)) },
		"slots":              func(a *ask) { a.subject.Student.Slots = []string{"mon"} },
		"credentials":        func(a *ask) { a.subject.Student.Credentials = []string{"mon"} },
		"position":           func(a *ask) { a.subject.Student.Position = &matcher.Position{} },
		"another position":   func(a *ask) { a.subject.Student.Position = &matcher.Position{Latitude: 1} },
		"max km":             func(a *ask) { a.subject.Student.MaxKm = ptr(0.0) },
		"forbidden":          func(a *ask) { a.subject.Forbidden = map[string]bool{"mon": true} },
		"settings":           func(a *ask) { a.question.Settings = 1 },
		"statistics version": func(a *ask) { a.question.StatisticsVersion = 1 },
		"measure":            func(a *ask) { a.question.Measure = matcher.Dot },
		"as-of date":         func(a *ask) { a.question.AsOf = 1 },
		"term":               func(a *ask) { a.question.Term = "fall" },
		"kinds":              func(a *ask) { a.question.Kinds = []matcher.OpportunityKind{"fall"} },
		"partner kinds":      func(a *ask) { a.question.PartnerKinds = []matcher.PartnerKind{"fall"} },
		"exclude":            func(a *ask) { a.question.Exclude = map[string]bool{"fall": true} },
	}
	kept, inLine := map[candidates.Key]string{}, map[candidates.Key]string{}
	keys := candidates.NewKeys("identity", "line")
	for name, change := range changes {
		a := ask{district: "north", id: "s", subject: store.Subject{Student: &matcher.Student{Interests: []matcher.Weighted{{Tag: "a", Weight: 1}}}}}
		change(&a)
		k := keys.Key(a.district, a.id, &a.subject, &a.question)
		if other, ok := kept[k]; ok {
			t.Errorf("%q and %q have the same key", name, other)
		}
		kept[k] = name
		for _, other := range []*candidates.Keys{candidates.NewKeys("another", "line"), candidates.NewKeys("identity", "another")} {
			if other.Key(a.district, a.id, &a.subject, &a.question) == k {
				t.Errorf("%q has the same key in another store, or on another line", name)
			}
		}
		k = keys.InLine(a.district, &a.subject, &a.question)
		if other, ok := inLine[k]; ok && name != "student" && other != "student" && name != "nothing" {
			t.Errorf("in line, %q and %q have the same key", name, other)
		}
		inLine[k] = name
		if _, ok := kept[k]; ok || !k.Brief {
			t.Errorf("%q in line has the key of a student", name)
		}
	}
}

func TestWhatShapesNoAnswerIsNotInItsKey(t *testing.T) {
	keys := candidates.NewKeys("identity", "line")
	plain := &store.Subject{Student: &matcher.Student{ID: "s"}}
	dressed := &store.Subject{Student: &matcher.Student{ID: "s", School: "lincoln", Groups: []matcher.Group{{Name: "a", Value: "b"}}}}
	var q candidates.Question
	if keys.Key("north", "s", plain, &q) != keys.Key("north", "s", dressed, &q) {
		t.Error("school or groups are part of the key")
	}
}

func TestRememberedKeysAreOfTheirQuestion(t *testing.T) {
	subject := &store.Subject{Student: &matcher.Student{ID: "s"}}
	one, two := candidates.NewKeys("one", "line"), candidates.NewKeys("two", "line")
	questions := []candidates.Question{{}, {Term: "fall"}, {Kinds: []matcher.OpportunityKind{"fall"}}, {Exclude: map[string]bool{"o": true}}}
	for range 2 {
		for _, keys := range []*candidates.Keys{one, two} {
			for i := range questions {
				for _, where := range [][2]string{{"north", "s"}, {"south", "s"}, {"north", "t"}} {
					again := &store.Subject{Student: subject.Student}
					if keys.Key(where[0], where[1], subject, &questions[i]) != keys.Key(where[0], where[1], again, &questions[i]) {
						t.Errorf("question %d in %s is taken for another", i, where[0])
					}
				}
			}
		}
	}
}

func TestMemoryKeepsTheLaterEpoch(t *testing.T) {
	m, err := candidates.NewMemory(candidates.MemoryOptions{Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	k := candidates.Key{Field: [16]byte{1}}
	at := func(epoch store.Epoch) candidates.Kept {
		return candidates.Kept{Value: (&candidates.Set{Epoch: epoch, Complete: true}).Append(nil)}
	}
	m.Put(k, at(5))
	m.Put(k, at(4))
	if got := candidates.EpochOf(m.Get(k).Value); got != 5 {
		t.Errorf("epoch %d, want 5", got)
	}
	m.Put(k, at(6))
	if got := candidates.EpochOf(m.Get(k).Value); got != 6 {
		t.Errorf("epoch %d, want 6", got)
	}
	for i := range byte(50) {
		m.Put(candidates.Key{Field: [16]byte{i}}, at(1))
	}
	if n := m.Fields(k.Student); n > 8 {
		t.Errorf("a student has %d values", n)
	}
	m.Erase(k.Student)
	m.PutHead(k, (&candidates.Set{Epoch: 6}).Head(nil, 1))
	if m.Get(k).Value != nil || m.Fields(k.Student) != 0 {
		t.Error("a student who was erased has values")
	}
}

// TestMemoryHasALife: what is asked for every minute goes too, all of a student's
// at once, and not everybody's at the same moment.
func TestMemoryHasALife(t *testing.T) {
	var elapsed atomic.Int64
	m, err := candidates.NewMemory(candidates.MemoryOptions{
		Bytes: 1 << 20, Life: time.Hour, BriefLife: time.Minute,
		Now: func() time.Time { return time.Unix(1e9, elapsed.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	const students = 50
	key := func(student byte, brief bool) candidates.Key {
		return candidates.Key{Student: candidates.Student{student}, Brief: brief}
	}
	const inLine = 200
	for i := range byte(students) {
		m.Put(key(i, false), candidates.Kept{Value: valueAt(1)})
	}
	m.Put(key(inLine, true), candidates.Kept{Value: valueAt(1)})
	left := map[int]bool{} // how many there were
	for step := range 65 {
		n := 0
		for i := range byte(students) {
			k := key(i, false)
			if m.Get(k).Value == nil {
				continue
			}
			n++
			if step < 44 {
				m.Put(k, candidates.Kept{Value: valueAt(store.Epoch(step) + 2)})
			}
		}
		switch kept := m.Get(key(inLine, true)).Value != nil; {
		case step < 44 && n < students:
			t.Fatalf("after %d steps %d of %d are left", step, n, students)
		case step > 58 && n > 0:
			t.Fatalf("after %d steps %d are left", step, n)
		case kept != (step == 0):
			t.Errorf("after %d steps a profile in line is there: %t", step, kept)
		}
		left[n] = true
		elapsed.Add(int64(70 * time.Second))
	}
	if len(left) < 4 {
		t.Errorf("they went at once: %v", left)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const most = 100_000
	m, err := candidates.NewMemory(candidates.MemoryOptions{Bytes: most})
	if err != nil {
		t.Fatal(err)
	}
	for i := range byte(200) {
		for j := range byte(10) {
			m.Put(candidates.Key{Student: candidates.Student{i, j}}, candidates.Kept{Value: make([]byte, 500)})
		}
	}
	m.CleanUp()
	if n := m.Bytes(); n > most || n < most/2 {
		t.Errorf("%d bytes are taken of %d", n, most)
	}
}
