package service

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func someAnswer(t *rapid.T) *kindredv1.MatchResponse {
	r := &kindredv1.MatchResponse{
		Epoch: rapid.Uint64().Draw(t, "epoch"), StatisticsVersion: rapid.Uint64().Draw(t, "statistics_version"),
		Source: kindredv1.MatchSource(rapid.Int32().Draw(t, "source")),
	}
	id := rapid.OneOf(rapid.String(), rapid.StringN(120, 140, -1), rapid.Just("\xff"))
	if rapid.IntRange(0, 3).Draw(t, "all valid") > 0 {
		id = rapid.StringN(0, 40, 140)
	}
	for range rapid.IntRange(0, 60).Draw(t, "candidates") {
		c := &kindredv1.Candidate{
			Opportunity: id.Draw(t, "opportunity"), Rank: rapid.Int32().Draw(t, "rank"),
			Score: rapid.Float64().Draw(t, "score"), Units: rapid.Int64().Draw(t, "units"),
		}
		if rapid.IntRange(0, 99).Draw(t, "explained") == 0 {
			c.Tags = []*kindredv1.TagPart{{Tag: "a", Units: 1}}
		}
		r.Candidates = append(r.Candidates, c)
	}
	return r
}

func TestAnswersAreEncodedAsByTheGeneratedEncoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := someAnswer(t)
		want, wantErr := proto.MarshalOptions{Deterministic: true}.Marshal(r)
		got, err := Codec().Marshal(r)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got.Materialize(), want) {
			t.Fatalf("got %x (%v), want %x (%v)", got.Materialize(), err, want, wantErr)
		}
	})
}

// TestAnswersAreEncodedByHand: the generated encoder is for explanations.
func TestAnswersAreEncodedByHand(t *testing.T) {
	r := &kindredv1.MatchResponse{Epoch: 1, Candidates: []*kindredv1.Candidate{{Opportunity: "o", Rank: 1, Score: .5, Units: 1}}}
	if _, ok := encodeAnswer(r); !ok {
		t.Error("the usual answer isn't encoded by hand")
	}
	r.Candidates[0].Tags = []*kindredv1.TagPart{{Tag: "a"}}
	if _, ok := encodeAnswer(r); ok {
		t.Error("explanations were left out")
	}
	if b, err := Codec().Marshal((*kindredv1.MatchResponse)(nil)); err != nil || b.Len() != 0 {
		t.Errorf("no answer is %d bytes and %v", b.Len(), err)
	}
}
