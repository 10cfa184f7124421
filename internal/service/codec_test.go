package service

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// agree holds that bytes are decoded as by the generated decoder, or refused as
// by it, and that a student comes out of them as out of its message, with the same
// findings.
func agree(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, b []byte,
) {
	t.Helper()
	var got matchRequest
	var want kindredv1.MatchRequest
	read := slices.Clone(b)
	gotErr, wantErr := got.unmarshal(read), proto.Unmarshal(b, &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%x: got %v, want %v", b, gotErr, wantErr)
	}
	if !slices.Equal(read, b) {
		t.Fatalf("%x: the bytes were changed", b)
	}
	if gotErr != nil {
		return
	}
	clear(read) // as the next request that is read into them does
	if want.GetProfile() != nil {
		var gotFound, wantFound violations
		gotStudent, wantStudent := got.student(gotFound.add), profileOf(want.GetProfile(), wantFound.add)
		if !slices.Equal(shapeOf(gotStudent), shapeOf(wantStudent)) || !reflect.DeepEqual(gotFound, wantFound) {
			t.Fatalf("%x: got %+v (%v), want %+v (%v)", b, gotStudent, gotFound, wantStudent, wantFound)
		}
	}
	if got.inLine != nil { // which got.student was asked of, and has the interests
		want.GetProfile().Interests = nil
	}
	if !proto.Equal(&got.MatchRequest, &want) {
		t.Fatalf("%x: got %v, want %v", b, &got.MatchRequest, &want)
	}
}

// shapeOf is all of a student without an id, bit by bit: what is no number is
// nothing that could be compared.
func shapeOf(s *matcher.Student) []byte {
	b := (&store.Subject{Student: s}).AppendShape(nil)
	b = store.AppendText(b, s.School)
	for _, g := range s.Groups {
		b = store.AppendText(store.AppendText(b, g.Name), g.Value)
	}
	return b
}

func someRequest(t *rapid.T) *kindredv1.MatchRequest {
	text := rapid.StringN(0, 4, 130)
	req := &kindredv1.MatchRequest{
		District: text.Draw(t, "district"), K: rapid.Int32().Draw(t, "k"), Term: text.Draw(t, "term"),
		ExcludeOpportunities: rapid.SliceOfN(text, 0, 2).Draw(t, "exclude"), Explain: rapid.Bool().Draw(t, "explain"),
	}
	if rapid.IntRange(0, 5).Draw(t, "subject") == 0 {
		req.Subject = &kindredv1.MatchRequest_StudentId{StudentId: text.Draw(t, "student")}
		return req
	}
	req.Subject = &kindredv1.MatchRequest_Profile{Profile: someProfile(t)}
	return req
}

func someProfile(t *rapid.T) *kindredv1.Profile {
	text := rapid.StringN(0, 4, 130)
	texts := rapid.SliceOfN(text, 0, 2)
	number := rapid.Ptr(rapid.Float64(), true)
	tag := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "ab"}), rapid.StringN(0, 12, -1))
	weight := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64())
	profile := &kindredv1.Profile{
		Grade: text.Draw(t, "grade"), School: text.Draw(t, "school"), Region: text.Draw(t, "region"),
		Age:   rapid.Ptr(rapid.Int32(), true).Draw(t, "age"),
		Slots: texts.Draw(t, "slots"), Credentials: texts.Draw(t, "credentials"),
		Latitude: number.Draw(t, "latitude"), Longitude: number.Draw(t, "longitude"), MaxKm: number.Draw(t, "max_km"),
		Groups:    rapid.SliceOfN(rapid.SampledFrom([]string{"school=lincoln", "lunch=yes", "none"}), 0, 2).Draw(t, "groups"),
		Interests: rapid.MapOfN(tag, weight, 0, 50).Draw(t, "interests"),
	}
	if rapid.IntRange(0, 3).Draw(t, "a long tag") == 0 {
		profile.Interests[strings.Repeat("x", rapid.IntRange(100, 140).Draw(t, "length"))] = 1
	}
	return profile
}

// TestInterestsThatAreGivenTwice: as in any message, what comes later counts. No
// encoder writes a profile so, but two that are one behind the other are one.
func TestInterestsThatAreGivenTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var profile []byte
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			b, err := proto.Marshal(someProfile(t))
			if err != nil {
				t.Fatal(err)
			}
			profile = append(profile, b...)
		}
		agree(t, protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), profile))
	})
}

func TestTheLastWeightOfATagCounts(t *testing.T) {
	var profile []byte
	for _, part := range []map[string]float64{{"b": 2}, {"a": .5}, {"b": .25}, {"a": 1}} {
		b, err := proto.Marshal(&kindredv1.Profile{Interests: part})
		if err != nil {
			t.Fatal(err)
		}
		profile = append(profile, b...)
	}
	var req matchRequest
	if err := req.unmarshal(protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), profile)); err != nil {
		t.Fatal(err)
	}
	var found violations
	want := []matcher.Weighted{{Tag: "a", Weight: 10_000}, {Tag: "b", Weight: 2500}}
	if got := req.student(found.add).Interests; req.inLine == nil || !slices.Equal(got, want) || found.err() != nil {
		t.Errorf("got %v and %v, want %v", got, found.err(), want)
	}
}

func TestRequestsAreDecodedAsByTheGeneratedDecoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := proto.Marshal(someRequest(t))
		if err != nil {
			t.Fatal(err)
		}
		agree(t, b)
		other, err := proto.Marshal(someRequest(t))
		if err != nil {
			t.Fatal(err)
		}
		agree(t, slices.Concat(b, other)) // a later subject is merged, or takes its place
		for range 10 {
			damaged := slices.Clone(b)
			if len(b) > 0 {
				damaged[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
				damaged = damaged[:rapid.IntRange(0, len(b)).Draw(t, "length")]
			}
			agree(t, damaged)
		}
	})
}

// encodedRequest has each field of a profile.
func encodedRequest(t testing.TB) []byte {
	t.Helper()
	b, err := proto.Marshal(&kindredv1.MatchRequest{
		District: "d", K: 10, Term: "fall", MinEpoch: 7, AsOf: "2026-11-29",
		Subject: &kindredv1.MatchRequest_Profile{Profile: &kindredv1.Profile{
			Grade: "9", School: "s", Region: "r", Age: new(int32), Slots: []string{"mon"}, Credentials: []string{"c"},
			Latitude: new(float64), Longitude: new(float64), MaxKm: new(float64), Groups: []string{"a=b"},
			Interests: map[string]float64{"a": 1, "b": .5},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzUnmarshalMatch(f *testing.F) {
	b := encodedRequest(f)
	f.Add(b)
	f.Add(slices.Concat(b, b))                            // two profiles
	f.Add(slices.Concat(b, []byte{4 << 3, 1}))            // a field behind it
	f.Add(slices.Concat([]byte{2<<3 | 2, 1, 's'}, b))     // two subjects
	f.Add(slices.Concat(b, []byte{3<<3 | 1}, b[:8]))      // a profile of another kind
	f.Add([]byte{3<<3 | 2, 4, 11<<3 | 2, 2, 1<<3 | 2, 0}) // a tag without a weight
	f.Add([]byte{3<<3 | 2, 2, 4<<3 | 2, 0})               // an age of another kind
	f.Add([]byte{3<<3 | 2, 3, 1<<3 | 2, 1, 0xff})         // a grade that isn't UTF-8
	f.Add([]byte{3<<3 | 2, 1, 1<<3 | 5})                  // a kind that nothing here has
	f.Fuzz(func(t *testing.T, b []byte) { agree(t, b) })
}

// TestWhatClientsSendIsDecodedByHand: the generated decoder is for what they don't.
func TestWhatClientsSendIsDecodedByHand(t *testing.T) {
	b := encodedRequest(t)
	req := new(matchRequest)
	if err := Codec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(b)}, req); err != nil || req.inLine == nil {
		t.Errorf("%v, decoded by hand: %t", err, req.inLine != nil)
	}
	agree(t, b)
	const most = 9
	if n := testing.AllocsPerRun(100, func() { _ = new(matchRequest).unmarshal(b) }); n > most {
		t.Errorf("%v allocations, more than %d", n, most)
	}
	other := new(matchRequest)
	if err := proto.Unmarshal(b, other); err != nil || other.inLine != nil || len(other.GetProfile().GetInterests()) != 2 {
		t.Errorf("%v: another codec doesn't decode it as a MatchRequest", err)
	}
}

func TestTheCodecReadsAndWritesAllMessages(t *testing.T) {
	c := Codec()
	for _, m := range []proto.Message{
		&kindredv1.MatchRequest{District: "d", Subject: &kindredv1.MatchRequest_Profile{
			Profile: &kindredv1.Profile{Interests: map[string]float64{"a": 1}},
		}},
		&kindredv1.GetServerInfoRequest{District: "d"},
	} {
		b, err := c.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got := m.ProtoReflect().New().Interface()
		if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer(b.Materialize())}, got); err != nil || !proto.Equal(got, m) {
			t.Errorf("%v: %v came back as %v", err, m, got)
		}
	}
}
