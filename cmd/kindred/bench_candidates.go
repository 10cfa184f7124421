package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/internal/measure"
	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// benchCandidatesFlags are the flags of bench candidates.
type benchCandidatesFlags struct {
	generate.Options
	k, changes, rate, seconds int
	bytes                     uint64
	redis                     string
	fill, fillMembers         int
}

func (p *program) benchCandidatesCommand() *cobra.Command {
	var f benchCandidatesFlags
	cmd := &cobra.Command{
		Use:   "candidates",
		Short: "Time answers out of candidate sets beside rankings",
		Long: `Invents a district in an embedded store in a temporary folder and answers for
its students one by one, on one thread, in process: by ranking, then with
candidate sets that are not there yet, that hold, and that are brought to a
later epoch. Then it answers, for each student once a second, while the catalogue
changes (of 20 changes 16 give other seats, 3 close, 1 gives other tags), and
prints one JSON object.

With --redis it also answers out of sets in Redis, in turns with a GET of a value
of the same size on the same connections, and with --fill puts that many sets
into it to see what they take. Give it a Redis that nobody else uses. What it
writes there expires within a quarter of an hour.`,
		Example: `  kindred bench candidates
  kindred bench candidates --opportunities 100000 --rate 1000
  kindred bench candidates --redis redis://127.0.0.1:6379 --fill 1000000`,
		Args: arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.k < 1 || f.Students < 1 || f.Opportunities < 1 || f.changes < 1 || f.rate < 1 || f.seconds < 1 {
				return badInput("--k, --students, --opportunities, --changes, --rate and --seconds must be at least 1")
			}
			if f.fill < 0 || f.fillMembers < 1 || f.fill > 0 && f.redis == "" {
				return badInput("--fill must be at least 0 and needs --redis, --fill-members must be at least 1")
			}
			return p.benchCandidates(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.Opportunities, "opportunities", 10_000, "how many opportunities to invent")
	flags.IntVar(&f.Students, "students", 1000, "how many students to invent")
	flags.Uint64Var(&f.Seed, "seed", 1, "of what is invented")
	flags.IntVar(&f.k, "k", 10, "how many candidates at most")
	flags.IntVar(&f.changes, "changes", 100, "of how many changes a set is repaired")
	flags.IntVar(&f.rate, "rate", 1000, "changes a second while answers are counted")
	flags.IntVar(&f.seconds, "seconds", 5, "for how long")
	flags.Uint64Var(&f.bytes, "candidate-sets-bytes", 64<<20, "about how much of them is kept in process")
	flags.StringVar(&f.redis, "redis", "", "URL of a Redis to measure too")
	flags.IntVar(&f.fill, "fill", 0, "how many sets to put into it, to see what they take")
	flags.IntVar(&f.fillMembers, "fill-members", 100, "how many members these have")
	return cmd
}

func (p *program) benchCandidates(ctx context.Context, f *benchCandidatesFlags) (err error) {
	invented, err := generate.District(f.Options)
	if err != nil {
		return badInput("--%w", err)
	}
	dir, err := os.MkdirTemp("", "kindred-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	const district = "default"
	request := store.Request{Now: p.now()}
	if err := writeInvented(ctx, st, district, request, invented); err != nil {
		return err
	}
	catalogues, err := live.Open(ctx, live.Options{Store: st, Clock: clock.System{}, Log: zap.NewNop()})
	if err != nil {
		return err
	}
	defer catalogues.Close()
	all, err := sets.New(sets.Options{Store: st, MemoryBytes: f.bytes, Always: true})
	if err != nil {
		return err
	}
	o := measure.CandidatesOptions{
		Store: st, District: district, Catalogues: catalogues, Sets: all, K: f.k,
		Changes: f.changes, Rate: f.rate, Seconds: f.seconds, AsOf: matcher.DateOf(p.now()), Now: p.now,
		Change: func(n int) *matcher.Opportunity { return inventedChange(invented, f.Opportunities, n) },
	}
	for s := range invented.Students() {
		o.Students = append(o.Students, s.ID)
	}
	if f.redis != "" {
		if err := f.share(&o); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Redis.Close()) }()
	}
	result, err := measure.CandidateSets(ctx, o)
	if err != nil {
		return err
	}
	return json.NewEncoder(p.stdout).Encode(result)
}

// share has sets in Redis measured.
func (f *benchCandidatesFlags) share(o *measure.CandidatesOptions) (err error) {
	const life = 10 * time.Minute
	o.Redis, err = candidates.OpenRedis(candidates.RedisOptions{URL: f.redis, Budget: time.Second, Life: life})
	if err != nil {
		return badInput("--redis: %w", err)
	}
	o.FillSets, o.FillMembers = f.fill, f.fillMembers
	o.Shared = func() (*sets.Sets, error) {
		return sets.New(sets.Options{Store: o.Store, Redis: o.Redis, MemoryBytes: f.bytes, Always: true})
	}
	return nil
}

// inventedChange is the n-th: of 20, 16 have other seats, 3 close, 1 has other
// tags.
func inventedChange(v *generate.Invented, opportunities, n int) *matcher.Opportunity {
	scatter := func(salt uint64) int {
		x := (uint64(n) + salt) * 0x9e3779b97f4a7c15
		return int((x ^ x>>29) % uint64(opportunities))
	}
	o := v.Opportunity(scatter(0))
	switch {
	case n%20 < 16:
		o.Seats = int32(1 + n/20%7)
	case n%20 < 19:
		o.Status = matcher.Closed
	default:
		o.Tags = v.Opportunity(scatter(1)).Tags
	}
	return &o
}

// writeInvented writes an invented district into a store.
func writeInvented(ctx context.Context, st store.Store, district string, rq store.Request, v *generate.Invented) error {
	var w store.Write
	for _, tag := range v.Tags() {
		w.Mutations = append(w.Mutations, store.Mutation{PutTag: &tag})
	}
	for partner := range v.Partners() {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &partner})
	}
	for o := range v.Opportunities() {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: &o})
	}
	if _, err := st.Write(ctx, district, rq, w); err != nil {
		return err
	}
	var puts []store.StudentPut
	for s := range v.Students() {
		puts = append(puts, store.StudentPut{Student: &s})
	}
	for some := range slices.Chunk(puts, 1000) {
		if _, err := st.PutStudents(ctx, district, rq, some); err != nil {
			return err
		}
	}
	return nil
}
