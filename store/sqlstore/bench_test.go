package sqlstore_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// The import of a large district, in batches as the service sends them:
//
//	go test ./store/sqlstore -run '^$' -bench Import -benchtime 1x
const (
	imported  = 100_000
	batchSize = 5_000
)

func inventedTags(r *rand.Rand, n int) []matcher.Weighted {
	tags := make([]matcher.Weighted, 0, n)
	for _, t := range r.Perm(2000)[:n] {
		tags = append(tags, matcher.Weighted{Tag: fmt.Sprintf("tag-%04d", t), Weight: uint16(1 + r.IntN(10000))})
	}
	return tags
}

func inventedStudents(n int) []store.StudentPut {
	r := rand.New(rand.NewPCG(1, 2))
	puts := make([]store.StudentPut, n)
	for i := range puts {
		puts[i].Student = &matcher.Student{
			ID: fmt.Sprintf("student-%07d", i), Grade: "10", School: "school-7", Region: "north", Age: new(int32(16)),
			Slots: []string{"mon-pm", "tue-pm"}, Groups: []matcher.Group{{Name: "lunch", Value: "free"}},
			Interests: inventedTags(r, 14),
		}
	}
	return puts
}

func inventedOpportunities(n int) []store.Mutation {
	r := rand.New(rand.NewPCG(3, 4))
	partners := n / 10
	list := make([]store.Mutation, 0, n+partners)
	for i := range partners {
		list = append(list, store.Mutation{PutPartner: &matcher.Partner{
			ID: fmt.Sprintf("partner-%06d", i), Name: fmt.Sprintf("Partner %d", i), Kind: "business",
		}})
	}
	for i := range n {
		list = append(list, store.Mutation{PutOpportunity: &matcher.Opportunity{
			ID: fmt.Sprintf("opportunity-%07d", i), Partner: fmt.Sprintf("partner-%06d", r.IntN(partners)),
			Title: "Health Insurance Claims Manager", Kind: "internship", Term: "2026-fall", Seats: 4,
			Grades: []string{"9", "10", "11", "12"}, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published,
			Tags: inventedTags(r, 10),
		}})
	}
	return list
}

func openStore(tb testing.TB, o sqlstore.Options) *sqlstore.Store {
	tb.Helper()
	if o.Dir == "" {
		o.Dir = tb.TempDir()
	}
	s, err := sqlstore.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func BenchmarkImportStudents(b *testing.B) {
	puts := inventedStudents(imported)
	for b.Loop() {
		s := openStore(b, sqlstore.Options{})
		for i := 0; i < len(puts); i += batchSize {
			if _, err := s.PutStudents(b.Context(), "d", store.Request{}, puts[i:i+batchSize]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkImportOpportunities(b *testing.B) {
	mutations := inventedOpportunities(imported)
	for b.Loop() {
		s := openStore(b, sqlstore.Options{})
		if _, err := s.Write(b.Context(), "d", store.Request{}, store.Write{Mutations: mutations}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReimport imports what is there already.
func BenchmarkReimport(b *testing.B) {
	mutations := inventedOpportunities(imported)
	s := openStore(b, sqlstore.Options{})
	for b.Loop() {
		if _, err := s.Write(b.Context(), "d", store.Request{}, store.Write{Mutations: mutations}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkState(b *testing.B) {
	s := openStore(b, sqlstore.Options{})
	if _, err := s.Write(b.Context(), "d", store.Request{}, store.Write{Mutations: inventedOpportunities(imported)}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.State(b.Context(), "d"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite shows what group commit gives: writers wait for one sync
// together.
func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := openStore(b, sqlstore.Options{})
			puts := inventedStudents(1000)
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := s.PutStudents(b.Context(), "d", store.Request{}, puts[i%1000:i%1000+1]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
