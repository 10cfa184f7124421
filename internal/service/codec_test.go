package service

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// agree holds that bytes are decoded as by the generated decoder, or refused as
// by it.
func agree(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, b []byte,
) {
	t.Helper()
	var got, want kindredv1.MatchRequest
	before := slices.Clone(b)
	gotErr, wantErr := unmarshalMatch(b, &got), proto.Unmarshal(before, &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%x: got %v, want %v", before, gotErr, wantErr)
	}
	if !slices.Equal(b, before) {
		t.Fatalf("%x: the bytes were changed", before)
	}
	if gotErr == nil && !proto.Equal(&got, &want) {
		t.Fatalf("%x: got %v, want %v", before, &got, &want)
	}
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
	profile := &kindredv1.Profile{
		Grade: text.Draw(t, "grade"), Slots: rapid.SliceOfN(text, 0, 2).Draw(t, "slots"),
		Interests: rapid.MapOfN(rapid.StringN(0, 12, -1), rapid.Float64(), 0, 20).Draw(t, "interests"),
	}
	if rapid.IntRange(0, 3).Draw(t, "a long tag") == 0 {
		profile.Interests[strings.Repeat("x", rapid.IntRange(100, 140).Draw(t, "length"))] = 1
	}
	if rapid.Bool().Draw(t, "aged") {
		profile.Age = new(int32)
	}
	req.Subject = &kindredv1.MatchRequest_Profile{Profile: profile}
	return req
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

func FuzzUnmarshalMatch(f *testing.F) {
	b, err := proto.Marshal(&kindredv1.MatchRequest{District: "d", Subject: &kindredv1.MatchRequest_Profile{
		Profile: &kindredv1.Profile{Grade: "9", Interests: map[string]float64{"a": 1, "b": .5}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { agree(t, b) })
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
