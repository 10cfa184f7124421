package oracle_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/matcher"
)

// The examples of this file are worked out by hand from the text of the
// contract, on this district with the ancestor decay 0.5:
//
//	stem (1)                 arts (0.5)        welding: unlisted
//	├── robotics (1, robots) └── ceramics (1)
//	└── cad (2, drafting)
//
// After passing up, in ten-thousandths:
//
//	a, c: robotics 10000, stem 5000
//	b:    cad 5000, stem 2500, ceramics 8000, arts 4000
//	d:    arts 10000, stem 1000
//	e:    welding 6000 (closed)
func tags() []matcher.Tag {
	return []matcher.Tag{
		{ID: "stem", Importance: 1},
		{ID: "robotics", Parent: "stem", Importance: 1, Synonyms: []string{"robots"}},
		{ID: "cad", Parent: "stem", Importance: 2, Synonyms: []string{"drafting"}},
		{ID: "arts", Importance: 0.5},
		{ID: "ceramics", Parent: "arts", Importance: 1},
	}
}

func partners() []matcher.Partner { return []matcher.Partner{{ID: "p", Kind: "business"}} }

func opportunities() []matcher.Opportunity {
	return []matcher.Opportunity{
		{ID: "e", Seats: 1, Boost: 1, Status: "closed", Tags: []matcher.Weighted{{Tag: "welding", Weight: 6000}}},
		{ID: "d", Seats: 1, Boost: 1, Status: "published", Kind: "mentorship", Tags: []matcher.Weighted{
			{Tag: "arts", Weight: 10000}, {Tag: "stem", Weight: 1000},
		}},
		{ID: "c", Partner: "p", Seats: 1, Boost: 1, Status: "published", Tags: []matcher.Weighted{{Tag: "robots", Weight: 10000}}},
		{ID: "b", Partner: "p", Seats: 1, Boost: 1.5, Status: "published", Tags: []matcher.Weighted{
			{Tag: "drafting", Weight: 5000}, {Tag: "ceramics", Weight: 8000},
		}},
		{ID: "a", Partner: "p", Seats: 1, Boost: 1, Status: "published", Tags: []matcher.Weighted{{Tag: "robotics", Weight: 10000}}},
	}
}

// student has, after passing up: robotics 9000 (named twice, once by its
// synonym: the larger counts), cad 4000, stem max(4500, 2000) = 4500, and
// painting 2000, which no one else has.
//
// P G without idf, in millions: robotics 9, cad 4 * 2 = 8, stem 4.5,
// painting 2. Their sum is 23.5, the sum of their squares
// 81 + 64 + 20.25 + 4 = 169.25.
func student() matcher.Student {
	return matcher.Student{ID: "s", Interests: []matcher.Weighted{
		{Tag: "robotics", Weight: 3000},
		{Tag: "robots", Weight: 9000},
		{Tag: "cad", Weight: 4000},
		{Tag: "painting", Weight: 2000},
	}}
}

func example(s oracle.Settings) *oracle.District {
	return oracle.New(tags(), partners(), opportunities(), s)
}

// lines writes candidates as "id units score", the score with 6 decimals.
func lines(candidates []oracle.Candidate) []string {
	var result []string
	for i, c := range candidates {
		if c.Rank != i+1 {
			return []string{fmt.Sprintf("rank %d at place %d", c.Rank, i)}
		}
		result = append(result, fmt.Sprintf("%s %s %.6f", c.ID, c.Units, c.Score))
	}
	return result
}

func ids(candidates []oracle.Candidate) []string {
	var result []string
	for _, c := range candidates {
		result = append(result, c.ID)
	}
	return result
}

func expect(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// norm of a, c: sqrt(10000^2 + 5000^2) = 11180.3399
//
//	I robotics = round(32767 * 10000 / norm) = round(29307.696) = 29308
//	I stem     = round(32767 *  5000 / norm) = round(14653.848) = 14654
//	S = 9000*1000*29308 + 4500*1000*14654 = 263772000000 + 65943000000
//
// norm of b: sqrt(25e6 + 6.25e6 + 64e6 + 16e6) = sqrt(111.25e6) = 10547.5116
//
//	I cad  = round(32767 * 1.5 * 5000 / norm) = round(23299.572) = 23300
//	I stem = round(32767 * 1.5 * 2500 / norm) = round(11649.786) = 11650
//	S = 4000*2000*23300 + 4500*1000*11650 = 186400000000 + 52425000000
//
// norm of d: sqrt(101e6) = 10049.8756
//
//	I stem = round(32767 * 1000 / norm) = round(3260.438) = 3260
//	S = 4500*1000*3260
//
// Shown: S / (32767 * sqrt(169.25e12)).
func TestCosine(t *testing.T) {
	s := student()
	expect(t, lines(example(oracle.Settings{Decay: 5000, Measure: "cosine"}).Rank(&s, oracle.Options{})), []string{
		"a 329715000000 0.773460",
		"c 329715000000 0.773460",
		"b 238825000000 0.560246",
		"d 14670000000 0.034414",
	})
}

// a, c: I robotics = 32767; I stem = round(16383.5) = 16384, half away from 0
//
//	S = 9000*1000*32767 + 4500*1000*16384 = 294903000000 + 73728000000
//
// b: I cad = round(32767 * 1.5 * 0.5) = round(24575.25) = 24575,
// I stem = round(12287.625) = 12288
//
//	S = 8000000*24575 + 4500000*12288 = 196600000000 + 55296000000
//
// d: I stem = round(3276.7) = 3277; S = 4500000*3277
//
// Shown: S / (32767 * 23.5e6).
func TestDot(t *testing.T) {
	s := student()
	expect(t, lines(example(oracle.Settings{Decay: 5000, Measure: "dot"}).Rank(&s, oracle.Options{})), []string{
		"a 368631000000 0.478726",
		"c 368631000000 0.478726",
		"b 251896000000 0.327127",
		"d 14746500000 0.019151",
	})
}

// b: 1500 * (2000*min(4000, 5000) + 1000*min(4500, 2500)) = 1500 * 10.5e6
// a, c: 1000 * (1000*min(9000, 10000) + 1000*min(4500, 5000)) = 1000 * 13.5e6
// d: 1000 * 1000*min(4500, 1000)
//
// Shown: S / (1000 * 23.5e6).
func TestOverlap(t *testing.T) {
	s := student()
	expect(t, lines(example(oracle.Settings{Decay: 5000, Measure: "overlap"}).Rank(&s, oracle.Options{})), []string{
		"b 15750000000 0.670213",
		"a 13500000000 0.574468",
		"c 13500000000 0.574468",
		"d 1000000000 0.042553",
	})
}

// N = 4: e is closed. df: robotics 2 (a, c), stem 4 (all), cad 1 (b),
// ceramics 1 (b), arts 2 (b, d); welding and painting 0.
//
//	G robotics = round(1000 ln 3) = round(1098.612) = 1099
//	G stem     = round(1000 ln 2) = round(693.147) = 693
//	G cad      = round(2000 ln 5) = round(3218.876) = 3219
//	G arts     = round(500 ln 3)  = round(549.306) = 549
//	G ceramics = round(1000 ln 5) = round(1609.438) = 1609
//
// P G: robotics 9891000, cad 12876000, stem 3118500, painting 0, sum 25885500.
//
//	a, c: 9891000*32767 + 3118500*16384 = 324098397000 + 51093504000
//	b: 12876000*24575 + 3118500*12288 = 316427700000 + 38320128000
//	d: 3118500*3277
func TestIDF(t *testing.T) {
	s := student()
	d := example(oracle.Settings{Decay: 5000, Measure: "dot", IDF: true})
	expect(t, lines(d.Rank(&s, oracle.Options{})), []string{
		"a 375191901000 0.442344",
		"c 375191901000 0.442344",
		"b 354747828000 0.418241",
		"d 10219324500 0.012048",
	})
	for tag, want := range map[string]int64{"robotics": 1099, "stem": 693, "cad": 3219, "arts": 549, "ceramics": 1609, "welding": 0, "painting": 0} {
		if got := d.Importance(tag); got != want {
			t.Errorf("G of %s is %d, want %d", tag, got, want)
		}
	}
	// Given statistics take the place of the district's own:
	// round(1000 ln(1 + 9/1)) = round(2302.585), and nothing has stem.
	d = example(oracle.Settings{Decay: 5000, Measure: "dot", IDF: true, Statistics: &oracle.Statistics{
		Published: 9, Frequency: map[string]int64{"robotics": 1, "painting": 9},
	}})
	for tag, want := range map[string]int64{"robotics": 2303, "stem": 0, "painting": 693} {
		if got := d.Importance(tag); got != want {
			t.Errorf("G of %s with given statistics is %d, want %d", tag, got, want)
		}
	}
}

func TestCapPerPartner(t *testing.T) {
	s := student()
	d := example(oracle.Settings{Decay: 5000, Measure: "cosine"})
	expect(t, ids(d.Rank(&s, oracle.Options{MaxPerPartner: 1})), []string{"a", "d"})
	expect(t, ids(d.Rank(&s, oracle.Options{MaxPerPartner: 2})), []string{"a", "c", "d"})
	expect(t, ids(d.Rank(&s, oracle.Options{MaxPerPartner: 2, K: 2})), []string{"a", "c"})
	// What is not eligible uses up nothing.
	expect(t, ids(d.Rank(&s, oracle.Options{MaxPerPartner: 1, Forbidden: map[string]bool{"a": true}})), []string{"c", "d"})
	expect(t, ids(d.Rank(&s, oracle.Options{MaxPerPartner: 1, Exclude: map[string]bool{"a": true, "c": true}})), []string{"b", "d"})
}

func TestOptions(t *testing.T) {
	s := student()
	d := example(oracle.Settings{Decay: 5000, Measure: "cosine"})
	expect(t, ids(d.Rank(&s, oracle.Options{K: 3})), []string{"a", "c", "b"})
	expect(t, ids(d.Rank(&s, oracle.Options{K: 9})), []string{"a", "c", "b", "d"})
	expect(t, ids(d.Rank(&s, oracle.Options{Kinds: []matcher.OpportunityKind{"mentorship", "other"}})), []string{"d"})
	expect(t, ids(d.Rank(&s, oracle.Options{PartnerKinds: []matcher.PartnerKind{"business"}})), []string{"a", "c", "b"})
	expect(t, ids(d.Rank(&s, oracle.Options{Term: "2026-fall"})), nil)
}

// A chain, passed up with 0.3333: 10000 -> 3333 -> floor(3333*0.3333 =
// 1110.8889) = 1110 -> floor(369.963) = 369; and 3 -> floor(0.9999) = 0.
func TestPassingUp(t *testing.T) {
	chain := []matcher.Tag{
		{ID: "1", Importance: 1},
		{ID: "2", Importance: 1, Parent: "1"},
		{ID: "3", Importance: 1, Parent: "2"},
		{ID: "4", Importance: 1, Parent: "3"},
	}
	o := []matcher.Opportunity{{ID: "o", Boost: 1, Seats: 1, Status: "published", Tags: []matcher.Weighted{{Tag: "4", Weight: 10000}}}}
	weights := func(decay, weight uint16, interests ...string) string {
		s := matcher.Student{}
		for _, tag := range interests {
			s.Interests = append(s.Interests, matcher.Weighted{Tag: tag, Weight: weight})
		}
		parts, _, _ := oracle.New(chain, nil, o, oracle.Settings{Decay: decay, Measure: "overlap"}).Explain(&s, "o")
		text := ""
		for _, p := range parts {
			text += fmt.Sprintf("%s:%d/%d ", p.Tag, p.Profile, p.Opportunity)
		}
		return text
	}
	for _, c := range []struct{ got, want string }{
		{weights(3333, 10000, "4"), "1:369/369 2:1110/1110 3:3333/3333 4:10000/10000 "},
		{weights(3333, 3, "3"), "3:3/3333 "},
		{weights(3333, 4000, "2", "4"), "1:1333/369 2:4000/1110 3:1333/3333 4:4000/10000 "},
		{weights(10000, 7, "4"), "1:7/10000 2:7/10000 3:7/10000 4:7/10000 "},
		{weights(0, 7, "4"), "4:7/10000 "},
		{weights(0, 7, "3"), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	s := student()
	d := example(oracle.Settings{Decay: 5000, Measure: "cosine"})
	parts, units, score := d.Explain(&s, "b")
	var text []string
	for _, p := range parts {
		text = append(text, fmt.Sprintf("%s %d %d %d %s", p.Tag, p.Profile, p.Opportunity, p.Importance, p.Units))
	}
	expect(t, text, []string{"cad 4000 5000 2000 186400000000", "stem 4500 2500 1000 52425000000"})
	if got := fmt.Sprintf("%s %.6f", units, score); got != "238825000000 0.560246" {
		t.Errorf("got %s", got)
	}
	if parts, units, score := d.Explain(&s, "e"); parts != nil || units.Sign() != 0 || score != 0 {
		t.Error("e shares nothing with the student")
	}
	if parts, units, _ := d.Explain(&s, "unknown"); parts != nil || units.Sign() != 0 {
		t.Error("an unknown opportunity shares nothing")
	}
}

// t has cad 8000 and stem 4000: 8000*2000*23300 + 4000*1000*11650 =
// 372800000000 + 46600000000; P G is 16 and 4 million, the sum of squares
// 272e12. s has 238825000000 for b as above; u is the same as s.
func TestReverse(t *testing.T) {
	s, u := student(), student()
	u.ID, s.Grade = "r", "9"
	students := []matcher.Student{
		s,
		{ID: "t", Interests: []matcher.Weighted{{Tag: "drafting", Weight: 8000}}},
		u,
		{ID: "n", Interests: []matcher.Weighted{{Tag: "painting", Weight: 8000}}},
	}
	d := example(oracle.Settings{Decay: 5000, Measure: "cosine"})
	want := fmt.Sprintf("t 419400000000 %.6f", 419400/(32767*math.Sqrt(272)))
	expect(t, lines(d.RankStudents("b", students, oracle.Options{})), []string{
		want, "r 238825000000 0.560246", "s 238825000000 0.560246",
	})
	expect(t, ids(d.RankStudents("b", students, oracle.Options{K: 1})), []string{"t"})
	expect(t, ids(d.RankStudents("b", students, oracle.Options{Forbidden: map[string]bool{"t": true}})), []string{"r", "s"})
	expect(t, ids(d.RankStudents("e", students, oracle.Options{})), nil)
	expect(t, ids(d.RankStudents("unknown", students, oracle.Options{})), nil)
	expect(t, ids(d.RankStudents("b", students, oracle.Options{Exclude: map[string]bool{"b": true}})), nil)
}

func TestRankAll(t *testing.T) {
	s := student()
	d := example(oracle.Settings{Decay: 5000, Measure: "cosine"})
	all := d.RankAll([]matcher.Student{s, {ID: "x"}}, oracle.Options{K: 2}, map[string]map[string]bool{"s": {"c": true}})
	expect(t, ids(all[0]), []string{"a", "b"})
	expect(t, ids(all[1]), nil)
}

// The sum of squares passes 64 bits here: 1000 tags of P G = 10000 * 69315
// (10 ln(1 + 1023/1) = 69.3147), 1000 * (693150000)^2 = 4.8e20. The score of
// the same tags in the opportunity is their share of the impacts:
// I = round(32767 / sqrt(1000)) = round(1036.183) = 1036.
func TestLargeSums(t *testing.T) {
	var own []matcher.Weighted
	var listed []matcher.Tag
	statistics := &oracle.Statistics{Published: 1023, Frequency: map[string]int64{}}
	for i := range 1000 {
		tag := fmt.Sprintf("t%d", i)
		own = append(own, matcher.Weighted{Tag: tag, Weight: 10000})
		listed = append(listed, matcher.Tag{ID: tag, Importance: 10})
		statistics.Frequency[tag] = 1
	}
	o := []matcher.Opportunity{{ID: "o", Boost: 1, Seats: 1, Status: "published", Tags: own}}
	d := oracle.New(listed, nil, o, oracle.Settings{Measure: "cosine", IDF: true, Statistics: statistics})
	got := d.Rank(&matcher.Student{Interests: own}, oracle.Options{})
	want := new(big.Int).Mul(big.NewInt(1000*10000), big.NewInt(69315*1036))
	if len(got) != 1 || got[0].Units.Cmp(want) != 0 {
		t.Fatalf("got %v, want %s units", got, want)
	}
	if share := 1036 * math.Sqrt(1000) / 32767; math.Abs(got[0].Score-share) > 1e-12 {
		t.Errorf("score %v, want %v", got[0].Score, share)
	}
}

func TestLn(t *testing.T) {
	for x, want := range map[float64]float64{
		1:    0,
		2:    0.69314718055994530941723212145817656807550013436026,
		3:    1.0986122886681096913952452369225257046474905578227,
		10:   2.3025850929940456840179914546843642076011014886288,
		1.25: 0.22314355131420975576629509030983450337460108554801,
	} {
		if got := oracle.Ln(x); got != want {
			t.Errorf("ln %v = %v, want %v", x, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1e-300, 1e300).Draw(t, "x")
		if got, near := oracle.Ln(x), math.Log(x); math.Abs(got-near) > 5e-16*max(1e-3, math.Abs(near)) {
			t.Fatalf("ln %v = %v, far from %v", x, got, near)
		}
	})
}
