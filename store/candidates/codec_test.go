package candidates_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
)

func someSet(t *rapid.T) *candidates.Set {
	s := &candidates.Set{
		Epoch:       store.Epoch(rapid.Uint64().Draw(t, "epoch")),
		Complete:    rapid.Bool().Draw(t, "complete"),
		Denominator: rapid.Float64().Draw(t, "denominator"),
	}
	units := rapid.SliceOfN(rapid.Int64Range(1, math.MaxInt64), 0, 200).Draw(t, "units")
	slices.Sort(units)
	for _, u := range slices.Backward(units) {
		s.Members = append(s.Members, matcher.Member{Number: rapid.Uint32Min(1).Draw(t, "number"), Units: u})
	}
	if !s.Complete {
		s.Floor = candidates.Floor{Units: rapid.Int64Min(1).Draw(t, "floor"), ID: rapid.SliceOfN(rapid.Byte(), 0, matcher.MaxIDBytes).Draw(t, "id")}
	}
	return s
}

func same(a, b *candidates.Set) bool {
	return a.Epoch == b.Epoch && a.Complete == b.Complete && a.Denominator == b.Denominator &&
		a.Floor.Units == b.Floor.Units && string(a.Floor.ID) == string(b.Floor.ID) && slices.Equal(a.Members, b.Members)
}

func TestSetsComeBackOutOfTheirValues(t *testing.T) {
	var got candidates.Set
	rapid.Check(t, func(t *rapid.T) {
		want := someSet(t)
		prefix := rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "prefix")
		value := want.Append(slices.Clone(prefix))[len(prefix):]
		if err := got.Decode(value, math.MaxInt); err != nil {
			t.Fatal(err)
		}
		if !same(&got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if candidates.EpochOf(value) != want.Epoch {
			t.Fatalf("epoch %d, want %d", candidates.EpochOf(value), want.Epoch)
		}
		most := rapid.IntRange(0, 201).Draw(t, "most")
		if err := got.Decode(value, most); err != nil {
			t.Fatal(err)
		}
		if want.Members = want.Members[:min(most, len(want.Members))]; !same(&got, want) {
			t.Fatalf("the first %d: got %+v, want %+v", most, got, want)
		}
	})
}

func TestDamagedValuesAreRefused(t *testing.T) {
	var s candidates.Set
	rapid.Check(t, func(t *rapid.T) {
		value := someSet(t).Append(nil)
		damaged := slices.Clone(value)
		if rapid.Bool().Draw(t, "cut") {
			damaged = damaged[:rapid.IntRange(0, len(value)-1).Draw(t, "length")]
		} else {
			damaged[rapid.IntRange(0, len(value)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		}
		if err := s.Decode(damaged, math.MaxInt); !errors.Is(err, candidates.ErrValue) {
			t.Fatalf("got %v", err)
		}
	})
}

// withChecksum is a value with what a checksum would vouch for.
func withChecksum(content []byte) []byte {
	sum := crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli))
	return binary.LittleEndian.AppendUint32(slices.Clone(content), sum)
}

func TestAnotherVersionIsRefused(t *testing.T) {
	value := (&candidates.Set{Complete: true}).Append(nil)
	value[0]++
	var s candidates.Set
	if err := s.Decode(withChecksum(value[:len(value)-4]), 1); !errors.Is(err, candidates.ErrValue) {
		t.Errorf("got %v", err)
	}
	if epoch := candidates.EpochOf(value); epoch != 0 {
		t.Errorf("epoch %d", epoch)
	}
}

// FuzzDecode has any bytes decoded, as if their checksum were right. What is
// taken for a set can be encoded, and comes back the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []candidates.Set{
		{Complete: true},
		{Epoch: 7, Denominator: 3, Floor: candidates.Floor{Units: 4, ID: []byte("o")}, Members: []matcher.Member{{Number: 70000, Units: 9}, {Number: 2, Units: 4}}},
	} {
		value := s.Append(nil)
		f.Add(value[:len(value)-4])
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var s, again candidates.Set
		_ = s.Decode(content, math.MaxInt)
		if s.Decode(withChecksum(content), math.MaxInt) != nil {
			return
		}
		for i, m := range s.Members {
			if m.Units < 1 || i > 0 && m.Units > s.Members[i-1].Units {
				t.Fatalf("member %d has %d units", i, m.Units)
			}
		}
		if math.IsNaN(s.Denominator) {
			return
		}
		if err := again.Decode(s.Append(nil), math.MaxInt); err != nil || !same(&s, &again) {
			t.Fatalf("%v: %+v came back as %+v", err, s, again)
		}
	})
}

// TestValuesAreSmall holds what a member of a set of 100 takes, with numbers of a
// million opportunities and units as widely spread as they come.
func TestValuesAreSmall(t *testing.T) {
	const sets, members = 200, 100
	r := rand.New(rand.NewPCG(1, 2))
	bytes := 0
	for range sets {
		s := candidates.Set{Epoch: 1 << 30, Denominator: 1, Floor: candidates.Floor{Units: 1 << 40, ID: []byte("o0000001")}}
		units := make([]int64, members)
		for i := range units {
			units[i] = 1<<40 + r.Int64N(1<<40) // a cosine with 14 tags is below 2^41
		}
		slices.Sort(units)
		for _, u := range slices.Backward(units) {
			s.Members = append(s.Members, matcher.Member{Number: 1 + r.Uint32N(1e6), Units: u})
		}
		bytes += len(s.Append(nil))
	}
	each := float64(bytes) / sets / members
	t.Logf("%.2f bytes a member, all told", each)
	if each > 4+5 {
		t.Errorf("a member takes %.2f bytes, which may be 9 at most: make the codec closer", each)
	}
}
