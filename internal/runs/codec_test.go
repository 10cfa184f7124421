package runs

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// inventedInput is an input of a few students and opportunities, as a store
// gives it.
func inventedInput(t *rapid.T) *store.RunInput {
	v, err := generate.District(generate.Options{
		Students: rapid.IntRange(1, 20).Draw(t, "students"), Opportunities: rapid.IntRange(1, 10).Draw(t, "opportunities"),
		Seed: rapid.Uint64().Draw(t, "seed"),
	})
	if err != nil {
		t.Fatal(err)
	}
	f := v.Folder()
	in := &store.RunInput{Rows: f.Rows, Reserved: make(map[string]int32)}
	in.Epoch, in.Settings = 7, store.DefaultSettings()
	in.Statistics = matcher.Statistics{Published: 3, Frequency: map[string]int64{"a": 1, "b": 2}}
	for _, tag := range f.Tags {
		in.Tags = append(in.Tags, store.TagRecord{Tag: tag})
	}
	for _, p := range f.Partners {
		in.Partners = append(in.Partners, store.PartnerRecord{Partner: p})
	}
	for i := range f.Opportunities {
		o := f.Opportunities[i]
		in.Opportunities = append(in.Opportunities, store.OpportunityRecord{Opportunity: o, Number: uint32(100 + i)})
		in.Reserved[o.ID] = rapid.Int32Range(0, 2).Draw(t, "reserved")
	}
	for i := range f.Students {
		in.Students = append(in.Students, store.StudentRecord{Student: f.Students[i]})
	}
	return in
}

// TestInputsAreReadAsTheyWereKept: students and rows are all there, and seats
// and caps are what reservations leave.
func TestInputsAreReadAsTheyWereKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := inventedInput(t)
		in, err := inputOf(from)
		if err != nil {
			t.Fatal(err)
		}
		if len(in.folder.Students) != len(from.Students) || len(in.folder.Rows.Preferences) != len(from.Rows.Preferences) ||
			len(in.folder.Rows.Priorities) != len(from.Rows.Priorities) || in.epoch != 7 || in.statistics.Frequency["b"] != 2 {
			t.Fatalf("the input is not what was kept")
		}
		reserved := make(map[string]int32)
		for i := range from.Opportunities {
			want := &from.Opportunities[i].Opportunity
			got := in.folder.Opportunities[i]
			reserved[want.Partner] += from.Reserved[want.ID]
			if left := max(0, want.Seats-from.Reserved[want.ID]); got.ID != want.ID || got.Seats != left ||
				!slices.Equal(got.Tags, want.Tags) || in.numbers[i] != uint32(100+i) {
				t.Fatalf("an opportunity is %+v, want %d seats of %+v", got, left, want)
			}
		}
		for i := range from.Partners {
			want, got := from.Partners[i].MaxSeats, in.folder.Partners[i].MaxSeats
			if (want == nil) != (got == nil) || want != nil && *got != max(0, *want-reserved[from.Partners[i].ID]) {
				t.Fatalf("a cap is %v, want what is left of %v", got, want)
			}
		}
	})
}

// TestNothingDamagedIsTaken: what was changed is an error, at any byte, and
// never a panic; also where the checksum has been made to fit.
func TestNothingDamagedIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := inventedInput(t)
		catalogue := encodeCatalogue(from)
		damage := func(b []byte) []byte {
			b = slices.Clone(b)
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
			return b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
		}
		if _, err := decodeCatalogue(damage(sealed(slices.Clone(catalogue)))); err == nil {
			t.Fatal("a damaged catalogue is taken")
		}
		_, _ = decodeCatalogue(sealed(damage(catalogue))) // whatever it is
		in, err := inputOf(from)
		if err != nil {
			t.Fatal(err)
		}
		for s := range studentsOf(from) {
			b := newStudents(in)
			if err := b.add(&store.RunStudent{ID: s.ID, Content: damage(s.Content)}); err == nil {
				t.Fatal("a damaged student is taken")
			}
			content, err := opened(s.Content)
			if err != nil {
				t.Fatal(err)
			}
			_ = b.add(&store.RunStudent{ID: s.ID, Content: sealed(damage(content))})
		}
		p := &place.Problem{Students: make([]string, 9), Opportunities: make([]string, 9)}
		made := shard{}
		for range 9 {
			made.add([]place.Entry{{Opportunity: 3, Rank: 1, Weight: 7}, {Opportunity: 8, Rank: 4, Weight: 1 << 20}}, false)
		}
		_ = appendShard(p, damage(made.content()))
	})
}

// TestShardsAndPlacementsAreReadAsTheyWereKept.
func TestShardsAndPlacementsAreReadAsTheyWereKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const opportunities = 6
		n := rapid.IntRange(1, 12).Draw(t, "students")
		p := &place.Problem{Students: make([]string, n), Opportunities: make([]string, opportunities)}
		again := &place.Problem{Students: p.Students, Opportunities: p.Opportunities}
		made := shard{}
		f := &place.Placement{Placed: make([]int32, opportunities), BlockingPairs: rapid.Int64().Draw(t, "blocking"), Cancelled: []int32{4}}
		f.Certificate.Objective = place.Stable
		for range n {
			var entries []place.Entry
			rank := int32(0)
			for _, o := range rapid.SliceOfNDistinct(rapid.Int32Range(0, opportunities-1), 0, 4, rapid.ID).Draw(t, "list") {
				rank += rapid.Int32Range(1, 1000).Draw(t, "rank")
				entries = append(entries, place.Entry{Opportunity: o, Rank: rank, Weight: rapid.Int32Range(1, 1<<30).Draw(t, "weight")})
			}
			ineligible := rapid.Bool().Draw(t, "ineligible")
			first := int32(len(p.Lists.Opportunity))
			p.Lists.Append(entries, ineligible)
			made.add(entries, ineligible)
			if rapid.Bool().Draw(t, "cut") {
				if err := appendShard(again, made.content()); err != nil {
					t.Fatal(err)
				}
			}
			at, entry := int32(-1), int32(-1)
			if len(entries) > 0 && rapid.Bool().Draw(t, "placed") {
				at, entry = entries[0].Opportunity, first
				f.Placed[at]++
			}
			f.At, f.Entry = append(f.At, at), append(f.Entry, entry)
			f.Weight, f.How = append(f.Weight, at+1), append(f.How, place.How(at+1)%5)
		}
		if err := appendShard(again, made.content()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.Lists.First, p.Lists.First) || !slices.Equal(again.Lists.Opportunity, p.Lists.Opportunity) ||
			!slices.Equal(again.Lists.Rank, p.Lists.Rank) || !slices.Equal(again.Lists.Weight, p.Lists.Weight) ||
			!slices.Equal(again.Lists.Ineligible, p.Lists.Ineligible) {
			t.Fatalf("lists are %+v, want %+v", again.Lists, p.Lists)
		}
		kept, err := encodePlacement(p, f)
		if err != nil {
			t.Fatal(err)
		}
		g, err := decodePlacement(p, kept)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(g.At, f.At) || !slices.Equal(g.Entry, f.Entry) || !slices.Equal(g.Weight, f.Weight) || !slices.Equal(g.How, f.How) ||
			!slices.Equal(g.Placed, f.Placed) || !slices.Equal(g.Cancelled, f.Cancelled) || g.BlockingPairs != f.BlockingPairs ||
			g.Certificate.Objective != place.Stable {
			t.Fatalf("the placement is %+v, want %+v", g, f)
		}
	})
}
