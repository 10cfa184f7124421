package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/measure"
	"github.com/kindred-match/kindred/internal/service"
	"github.com/kindred-match/kindred/matcher"
)

// benchServeFlags are the flags of bench serve.
type benchServeFlags struct {
	remoteFlags
	generate.Options
	k, concurrency, connections int
	duration, slice             time.Duration
}

func (p *program) benchServeCommand() *cobra.Command {
	var f benchServeFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Time Match over gRPC beside an empty call on the same server",
		Long: `Invents a district, starts a server on loopback with an embedded store in a
temporary folder, imports the district, and keeps the server busy with Match by
student id, Match with a profile in line, and an empty call, in short slices
that take turns. Prints one JSON object: answers a second (medians over the
rounds), their ratios to the empty call, and latencies as the caller sees them.
Each student has been asked for twice before: what is timed are answers to those
who come back, out of candidate sets where the server keeps them.

The empty call is gRPC's health check: no call does less, and it goes through
the same interceptors. Requests are encoded beforehand and answers are not
decoded, so that it is the server that is measured.

With --server it measures one that runs, for students that it has.`,
		Example: `  kindred bench serve
  kindred bench serve --opportunities 1000000 --concurrency 8
  kindred bench serve --server 127.0.0.1:7550 --district lakeside`,
		Args: arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.concurrency < 1 || f.connections < 1:
				return badInput("--concurrency and --connections must be at least 1")
			case f.slice < time.Millisecond || f.duration < f.slice:
				return badInput("--slice must be at least 1ms, and --duration as long")
			case f.k < 1 || f.k > service.MaxK:
				return badInput("--k must be from 1 to %d", service.MaxK)
			case f.Students < 1:
				return badInput("--students must be at least 1")
			}
			return p.benchServe(cmd.Context(), &f)
		},
	}
	f.add(cmd, "", "measure the server at this address, in place of one of its own")
	flags := cmd.Flags()
	flags.IntVar(&f.Opportunities, "opportunities", 10_000, "how many opportunities to invent")
	flags.IntVar(&f.Students, "students", 10_000, "how many students to invent; of a running server, to ask for at most")
	flags.Uint64Var(&f.Seed, "seed", 1, "of what is invented")
	flags.IntVar(&f.k, "k", 10, "how many candidates at most")
	flags.IntVar(&f.concurrency, "concurrency", 32, "how many calls are under way at once")
	flags.IntVar(&f.connections, "connections", 1, "how many connections they share")
	flags.DurationVar(&f.duration, "duration", 12*time.Second, "how long to measure, all calls together")
	flags.DurationVar(&f.slice, "slice", 100*time.Millisecond, "for how long one kind of call is made before the next has its turn")
	return cmd
}

func (p *program) benchServe(ctx context.Context, f *benchServeFlags) (err error) {
	if f.server != "" {
		return p.measureServer(ctx, f, &measure.Serve{})
	}
	invented, err := generate.District(f.Options)
	if err != nil {
		return badInput("--%w", err)
	}
	dir, err := os.MkdirTemp("", "kindred-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log, err := newLogger(io.Discard, "info") // as a server's, but for the writing
	if err != nil {
		return err
	}
	return p.withLocalServer(ctx, dir, log, func(conn *grpc.ClientConn) error {
		bar := p.bars.Start("importing", 0)
		_, err := service.Import(ctx, conn, &service.Content{
			Catalogue: matcher.Catalogue{
				Tags: invented.Tags(), Partners: slices.Collect(invented.Partners()),
				Opportunities: slices.Collect(invented.Opportunities()),
			},
			Students: slices.Collect(invented.Students()),
		}, service.ImportOptions{District: f.district, NewID: uuid.NewString, Progress: bar.Set})
		bar.Done()
		if err != nil {
			return remoteError(err)
		}
		f.remoteFlags = remoteFlags{server: conn.Target(), district: f.district}
		return p.measureServer(ctx, f, &measure.Serve{Opportunities: f.Opportunities})
	})
}

// measureServer measures the server that the flags name and prints the result.
func (p *program) measureServer(ctx context.Context, f *benchServeFlags, result *measure.Serve) (err error) {
	conns := make([]*grpc.ClientConn, f.connections)
	for i := range conns {
		if conns[i], err = f.dial(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conns[i].Close()) }()
	}
	calls, err := service.PrepareLoad(ctx, conns, service.LoadOptions{District: f.district, K: f.k, Students: f.Students})
	if err != nil {
		return remoteError(err)
	}
	if calls.Students == 0 {
		return badInput("the district %q has no students to rank for", f.district)
	}
	bar := p.bars.Start("measuring", 0)
	loads, err := measure.UnderLoad(ctx, measure.LoadOptions{
		Calls:       []measure.Call{calls.ByID, calls.InLine, calls.Empty},
		Concurrency: f.concurrency, Warm: 2 * uint64(calls.Students), Slice: f.slice, Rounds: max(1, int(f.duration/(3*f.slice))),
		Now: p.now, Progress: bar.Set,
	})
	bar.Done()
	if err != nil {
		return remoteError(err)
	}
	result.Students, result.K, result.CandidatesMean = calls.Students, f.k, calls.CandidatesMean
	result.Version, result.Epoch = calls.Version, calls.Epoch
	result.Concurrency, result.Connections = f.concurrency, f.connections
	result.Rounds, result.SliceSeconds = loads[0].Rounds(), f.slice.Seconds()
	result.Summarize(&loads[0], &loads[1], &loads[2])
	return json.NewEncoder(p.stdout).Encode(result)
}
