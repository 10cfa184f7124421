package service

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/internal/sets"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// BenchmarkMatch is what a Match takes without gRPC: decoding the request,
// answering out of a set in process, encoding the answer.
func BenchmarkMatch(b *testing.B) {
	st, err := sqlstore.Open(b.Context(), sqlstore.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	invented, err := generate.District(generate.Options{Students: 1000, Opportunities: 10_000, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	var w store.Write
	for _, tag := range invented.Tags() {
		w.Mutations = append(w.Mutations, store.Mutation{PutTag: &tag})
	}
	for partner := range invented.Partners() {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &partner})
	}
	for o := range invented.Opportunities() {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: &o})
	}
	if _, err := st.Write(b.Context(), district, store.Request{Now: start}, w); err != nil {
		b.Fatal(err)
	}
	var byID, inLine [][]byte
	var puts []store.StudentPut
	for s := range invented.Students() {
		puts = append(puts, store.StudentPut{Student: &s})
		for _, r := range []struct {
			requests *[][]byte
			request  *kindredv1.MatchRequest
		}{
			{&byID, &kindredv1.MatchRequest{District: district, K: 10, Subject: &kindredv1.MatchRequest_StudentId{StudentId: s.ID}}},
			{&inLine, &kindredv1.MatchRequest{District: district, K: 10, Subject: &kindredv1.MatchRequest_Profile{
				Profile: inLineOf(studentProto(&s, 1)),
			}}},
		} {
			encoded, err := proto.Marshal(r.request)
			if err != nil {
				b.Fatal(err)
			}
			*r.requests = append(*r.requests, encoded)
		}
	}
	if _, err := st.PutStudents(b.Context(), district, store.Request{Now: start}, puts); err != nil {
		b.Fatal(err)
	}
	catalogues, err := live.Open(b.Context(), live.Options{Store: st, Clock: clock.System{}, Log: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(catalogues.Close)
	all, err := sets.New(sets.Options{Store: st, MemoryBytes: 64 << 20, Always: true})
	if err != nil {
		b.Fatal(err)
	}
	m := &matchService{
		Service: New(Deps{Store: st, Now: time.Now, NewID: uuid.NewString, Logger: zap.NewNop(), Sets: all}), catalogues: catalogues,
	}
	for name, requests := range map[string][][]byte{"id": byID, "inline": inLine} {
		b.Run(name, func(b *testing.B) {
			codec := Codec()
			one := func(i int) {
				req := new(matchRequest)
				if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(requests[i%len(requests)])}, req); err != nil {
					b.Fatal(err)
				}
				resp, err := m.match(b.Context(), req)
				if err != nil {
					b.Fatal(err)
				}
				out, err := codec.Marshal(resp)
				if err != nil {
					b.Fatal(err)
				}
				out.Free()
			}
			for i := range 3 * len(requests) {
				one(i)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				one(i)
			}
		})
	}
}
