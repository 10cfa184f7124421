package page

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(a, b float64) bool { return math.Abs(a-b) < 5e-4 }

// TestIntervals holds intervals against published examples and arithmetic by hand.
func TestIntervals(t *testing.T) {
	if in := wilson(81, 263); !near(in.Low, 0.2553) || !near(in.High, 0.3662) { // Newcombe 1998, table I
		t.Errorf("81 of 263: %+v", in)
	}
	if in := wilson(0, 20); in.Low != 0 || !near(in.High, 0.1611) { // the same
		t.Errorf("0 of 20: %+v", in)
	}
	r := ratioOf(30, 100, 60, 100)
	// By hand: ln 0.5 -+ 1.96 sqrt(1/30 - 1/100 + 1/60 - 1/100).
	if r.Value != 0.5 || !near(r.Interval.Low, 0.3561) || !near(r.Interval.High, 0.7021) || !r.Below || !r.Clearly {
		t.Errorf("30 of 100 against 60 of 100: %+v", r)
	}
	if r := ratioOf(9, 12, 12, 12); !r.Below || r.Clearly {
		t.Errorf("9 of 12 against all of 12: %+v", r)
	}
	if r := ratioOf(79, 100, 98, 100); r.Below {
		t.Errorf("79 %% against 98 %%: %+v", r)
	}
	if r := ratioOf(0, 12, 12, 12); r.Value != 0 || r.Interval.Low != 0 || !(r.Interval.High > 0) || !r.Below {
		t.Errorf("nobody: %+v", r)
	}
}

// sized is a partition of groups of these sizes, one after the other.
func sized(name string, sizes ...int) *partition {
	values, s := make(map[int]string), 0
	for i, size := range sizes {
		for range size {
			values[s] = fmt.Sprintf("%02d", i)
			s++
		}
	}
	return newPartition(name, s, values)
}

func TestSuppress(t *testing.T) {
	for _, c := range []struct {
		sizes  []int
		hidden []bool
	}{
		{[]int{40, 30, 20}, []bool{false, false, false}},
		{[]int{40, 9, 20}, []bool{false, true, true}}, // the next smallest, or all less the rest would be 9
		{[]int{40, 4, 6}, []bool{false, true, true}},  // 10 together
		{[]int{40, 4, 5, 12}, []bool{false, true, true, true}},
		{[]int{4, 3}, []bool{true, true}},
		{[]int{12, 3}, []bool{true, true}},
	} {
		total, p := sized("", sum(c.sizes)), sized("school", c.sizes...)
		suppress([]*partition{total, p}, 10)
		if !slices.Equal(p.hidden, c.hidden) {
			t.Errorf("%v: hidden are %v, want %v", c.sizes, p.hidden, c.hidden)
		}
	}
	// A region of two schools, one of them small, beside others: the region less
	// its other school would be the small one.
	region, school := sized("region", 45, 60), sized("school", 40, 5, 20, 20, 20)
	suppress([]*partition{sized("", 105), region, school}, 10)
	if !slices.Equal(school.hidden, []bool{true, true, false, false, false}) || slices.Contains(region.hidden, true) {
		t.Errorf("hidden are %v and %v", region.hidden, school.hidden)
	}
}

func sum(sizes []int) (n int) {
	for _, size := range sizes {
		n += size
	}
	return n
}

// TestNothingBySubtraction holds that from a group, or all, less the groups
// within it no small number of students is left, whatever the groups.
func TestNothingBySubtraction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "students")
		small := rapid.IntRange(5, 30).Draw(t, "small")
		parts := []*partition{newPartition("", n, nil)}
		for i := range rapid.IntRange(1, 4).Draw(t, "names") {
			most := rapid.IntRange(1, 12).Draw(t, "groups")
			values := make(map[int]string)
			for s := range n {
				if v := rapid.IntRange(0, most).Draw(t, "value"); v > 0 {
					values[s] = fmt.Sprintf("%02d", v)
				}
			}
			parts = append(parts, newPartition(fmt.Sprint(i), n, values))
		}
		suppress(parts, small)
		for _, a := range parts {
			for cell, members := range a.members() {
				if a.hidden[cell] {
					continue
				}
				if len(members) < small {
					t.Fatalf("a group of %d is shown", len(members))
				}
				for _, b := range parts {
					left := len(members)
					for _, inside := range b.inside(members) {
						left -= b.sizes[inside]
					}
					if left > 0 && left < small {
						t.Fatalf("%d students are left of a group of %d", left, len(members))
					}
				}
			}
		}
	})
}
