package generate_test

import (
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/matcher"
)

// load is what a district asks of a ranker, measured on a sample of its rows
// and scaled to all of them.
type load struct {
	tags, profile float64 // mean number after passing up
	postings      float64 // mean number that a query touches
	least, most   struct{ tags, profile int }
}

// measure looks at the first opportunities and students of a district; rows
// are made independently of each other, so the first are a fair sample.
func measure(t *testing.T, v *generate.Invented, total, opportunities, students int) load {
	t.Helper()
	voc, err := matcher.NewVocabulary(v.Tags())
	if err != nil {
		t.Fatal(err)
	}
	parents := make([]int, voc.Len())
	for i, tag := range v.Tags() {
		parents[i] = -1
		if tag.Parent != "" {
			parents[i] = slices.IndexFunc(v.Tags(), func(p matcher.Tag) bool { return p.ID == tag.Parent })
		}
	}
	spread := func(own []matcher.Weighted) map[int]bool {
		all := make(map[int]bool)
		for _, w := range own {
			id, ok := voc.Lookup(w.Tag)
			if !ok {
				t.Fatalf("tag %s is not listed", w.Tag)
			}
			for up := int(id); up >= 0; up = parents[up] {
				all[up] = true
			}
		}
		return all
	}
	var l load
	frequency := make([]int, voc.Len())
	l.least.tags, l.least.profile = 1000, 1000
	for i := range opportunities {
		tags := spread(v.Opportunity(i).Tags)
		l.tags += float64(len(tags)) / float64(opportunities)
		l.least.tags, l.most.tags = min(l.least.tags, len(tags)), max(l.most.tags, len(tags))
		for tag := range tags {
			frequency[tag]++
		}
	}
	scale := float64(total) / float64(opportunities)
	for i := range students {
		profile := spread(v.Student(i).Interests)
		l.profile += float64(len(profile)) / float64(students)
		l.least.profile, l.most.profile = min(l.least.profile, len(profile)), max(l.most.profile, len(profile))
		for tag := range profile {
			l.postings += float64(frequency[tag]) * scale / float64(students)
		}
	}
	return l
}

// TestLoad holds what the vocabulary and the shapes were tuned for: at a
// million opportunities of 9.5 tags a query of 14 tags touches 600 to 650
// thousand postings. Smaller districts have fewer tags and so denser ones.
func TestLoad(t *testing.T) {
	for _, c := range []struct {
		name                    string
		total, sample           int
		vocabulary              int
		tags, profile, postings float64 // postings: a share of all
	}{
		{"50 thousand", 50_000, 50_000, 1440, 9.4, 14, 0.0755},
		{"a million", 1_000_000, 50_000, 4000, 9.5, 14, 0.0645},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := invent(t, generate.Options{Students: 5000, Opportunities: c.total, Seed: 1, Plain: true})
			l := measure(t, v, c.total, c.sample, 5000)
			if len(v.Tags()) != c.vocabulary {
				t.Errorf("%d tags, want %d", len(v.Tags()), c.vocabulary)
			}
			near(t, "tags of an opportunity", l.tags, c.tags, 0.15)
			near(t, "tags of a profile", l.profile, c.profile, 0.3)
			near(t, "postings touched", l.postings, c.postings*c.tags*float64(c.total), 0.05*c.postings*c.tags*float64(c.total))
			if l.least.tags < 3 || l.most.tags > 20 || l.least.profile < 5 || l.most.profile > 50 {
				t.Errorf("numbers of tags out of range: %+v", l)
			}
		})
	}
}

func TestSkew(t *testing.T) {
	const n = 20_000
	v := invent(t, generate.Options{Students: 1000, Opportunities: n, Seed: 1})
	offers := make(map[string]int)
	kinds := make(map[matcher.OpportunityKind]int)
	var full, many, published, boosted int
	for o := range v.Opportunities() {
		offers[o.Partner]++
		kinds[o.Kind]++
		full += btoi(o.Seats == 0)
		many += btoi(o.Seats >= 20)
		published += btoi(o.Status == matcher.Published)
		boosted += btoi(o.Boost != 1)
	}
	near(t, "share with 20 seats and more", float64(many)/n, 0.05, 0.01)
	near(t, "share without seats", float64(full)/n, 0.01, 0.005)
	near(t, "share published", float64(published)/n, 0.95, 0.01)
	near(t, "share boosted", float64(boosted)/n, 0.06, 0.01)
	if len(kinds) != len(matcher.OpportunityKinds) {
		t.Errorf("kinds of opportunities: %v", kinds)
	}
	counts := make([]int, 0, v.PartnerCount())
	for p := range v.Partners() {
		counts = append(counts, offers[p.ID])
	}
	slices.Sort(counts)
	top := counts[len(counts)-len(counts)/10:]
	near(t, "share of the first tenth of the partners", float64(sum(top))/n, 0.52, 0.06)
}

// TestKinds: small districts have all kinds of partners and opportunities.
func TestKinds(t *testing.T) {
	v := invent(t, generate.Options{Opportunities: 8, Seed: 5})
	partners := make(map[matcher.PartnerKind]bool)
	for p := range v.Partners() {
		partners[p.Kind] = true
	}
	opportunities := make(map[matcher.OpportunityKind]bool)
	for o := range v.Opportunities() {
		opportunities[o.Kind] = true
	}
	if len(partners) != len(matcher.PartnerKinds) || len(opportunities) != len(matcher.OpportunityKinds) {
		t.Errorf("kinds of partners %v, of opportunities %v", partners, opportunities)
	}
}

// TestEligible: most students may take most opportunities, and every rule
// matters to someone.
func TestEligible(t *testing.T) {
	const students, opportunities = 100, 2000
	v := invent(t, generate.Options{Students: students, Opportunities: opportunities, Seed: 1})
	d := oracle.New(v.Tags(), slices.Collect(v.Partners()), slices.Collect(v.Opportunities()),
		oracle.Settings{Measure: string(matcher.Cosine), Decay: matcher.DefaultDecay})
	failed := make(map[string]int)
	var shares []float64
	for s := range v.Students() {
		eligible := 0
		for o := range v.Opportunities() {
			codes, _ := d.Eligibility(&s, o.ID, oracle.Options{AsOf: 20270301})
			for _, c := range codes {
				failed[c]++
			}
			eligible += btoi(len(codes) == 0)
		}
		shares = append(shares, float64(eligible)/opportunities)
	}
	slices.Sort(shares)
	near(t, "share eligible, mean", sum(shares)/students, 0.62, 0.07)
	near(t, "share eligible, first tenth", shares[students/10], 0.55, 0.08)
	near(t, "share eligible, most", shares[students-1], 0.8, 0.1)
	for _, code := range []matcher.Code{
		matcher.CodeStatus, matcher.CodeWindow, matcher.CodeFull, matcher.CodeGrade, matcher.CodeRegion,
		matcher.CodeSlots, matcher.CodeCredentials, matcher.CodeAge, matcher.CodeDistance,
	} {
		if failed[string(code)] == 0 {
			t.Errorf("no pair fails %s", code)
		}
	}
	t.Logf("failures of %d pairs: %v", students*opportunities, failed)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sum[T int | float64](items []T) T {
	var total T
	for _, x := range items {
		total += x
	}
	return total
}
