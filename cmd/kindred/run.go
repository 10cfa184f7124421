package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/internal/server"
	"github.com/kindred-match/kindred/internal/service"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// runFlags are the flags of all commands about the runs of a server.
type runFlags struct {
	remoteFlags
	output string
}

// add gives a command the flags; formats are those of its output, the first the
// one that it has unasked, and none where it has no output.
func (f *runFlags) add(cmd *cobra.Command, formats ...report.Format) {
	f.remoteFlags.add(cmd, server.DefaultListen, "the server to ask")
	if len(formats) > 0 {
		cmd.Flags().StringVar(&f.output, "output", string(formats[0]), "form of the output: "+strings.Join(texts(formats), ", "))
		complete(cmd, "output", texts(formats))
	}
}

// format checks --output.
func (f *runFlags) format(formats ...report.Format) (report.Format, error) {
	if !slices.Contains(formats, report.Format(f.output)) {
		return "", badInput("--output must be %s", strings.Join(texts(formats), ", "))
	}
	return report.Format(f.output), nil
}

// runs is a connection to a server's runs.
type runs struct {
	kindredv1.PlacementServiceClient
	conn     *grpc.ClientConn
	district string
}

// withRuns connects to the server that the flags name.
func (f *runFlags) withRuns(use func(*runs) error) (err error) {
	conn, err := f.dial()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return use(&runs{kindredv1.NewPlacementServiceClient(conn), conn, f.district})
}

func (p *program) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Semester runs on a server",
		Long: `Places all students of a district on a server at once. A run starts from what the
server has at that moment and goes on whether anybody watches or not, also after
a restart of the server. When it is complete it is a draft, which takes no seat:
look at its report, compare it with the placements that stand, then publish or
discard it.

A run is named by its id, by the beginning of it (4 characters or more), or as
latest, which is the newest one.`,
		Example: `  kindred run create --objective min-rank --wait
  kindred run get latest --out out/run
  kindred run diff latest
  kindred run publish latest`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		p.runCreateCommand(), p.runWatchCommand(), p.runListCommand(), p.runGetCommand(), p.runDiffCommand(), p.runPublishCommand(),
		p.runCancelCommand(), p.runDiscardCommand(), p.runPlacementsCommand(), p.runExplainCommand(),
		p.runPlaceCommand(), p.runWithdrawCommand(),
	)
	return cmd
}

// runError says what a call's error says: that things stand otherwise is no
// error of the command's, and its answer is no.
func runError(err error) error {
	message, blame := service.Refusal(err)
	if blame == service.StateBlamed {
		return noError{errors.New(message)}
	}
	return remoteError(err)
}

// oneRun makes a command take a run.
func oneRun(cmd *cobra.Command, f *runFlags) {
	cmd.Args = arguments(1, "one run: its id, the beginning of it, or latest")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ids := []string{latest}
		// Without a server there is nothing to offer, and nobody to tell.
		_ = f.withRuns(func(r *runs) error {
			return r.each(cmd.Context(), func(run *kindredv1.Run) bool {
				ids = append(ids, run.GetRun()+"\t"+describeRun(run))
				return true
			})
		})
		return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

const (
	latest = "latest" // names the newest run
	idSize = 36       // of a UUID
	prefix = 4        // of an id that may stand for it, at least
)

// each yields the runs of the district, the newest first, until told to stop.
func (r *runs) each(ctx context.Context, yield func(*kindredv1.Run) bool) error {
	request := &kindredv1.ListRunsRequest{District: r.district}
	for {
		page, err := r.ListRuns(ctx, request)
		if err != nil {
			return runError(err)
		}
		for _, run := range page.GetRuns() {
			if !yield(run) {
				return nil
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return nil
		}
	}
}

// find is the id of the run that a name stands for.
func (r *runs) find(ctx context.Context, name string) (string, error) {
	if len(name) >= idSize {
		return name, nil
	}
	if name != latest && len(name) < prefix {
		return "", badInput("a run is named by its id, by %d characters of it or more, or as %s", prefix, latest)
	}
	var found []string
	err := r.each(ctx, func(run *kindredv1.Run) bool {
		if name == latest || strings.HasPrefix(run.GetRun(), strings.ToLower(name)) {
			found = append(found, run.GetRun())
		}
		return name != latest && len(found) < 2
	})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0 && name == latest:
		return "", badInput("the district has no run; begin with 'kindred run create'")
	case len(found) == 0:
		return "", badInput("no run begins with %q; see 'kindred run list'", name)
	case len(found) > 1:
		return "", badInput("several runs begin with %q; name more of it", name)
	}
	return found[0], nil
}

// get is one run as it is now.
func (r *runs) get(ctx context.Context, name string) (*kindredv1.Run, error) {
	id, err := r.find(ctx, name)
	if err != nil {
		return nil, err
	}
	answer, err := r.GetRun(ctx, &kindredv1.GetRunRequest{District: r.district, Run: id})
	if err != nil {
		return nil, runError(err)
	}
	return answer.GetRun(), nil
}

// printJSON writes one value on a line of its own.
func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// word is the name of an enum's value in lower case, without what all values of
// the enum begin with: DRAFT of RUN_STATE_DRAFT becomes draft.
func word(value fmt.Stringer, common string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(value.String(), common), "_", "-"))
}

// valueOf is the value of an enum that a word stands for; 0 where there is none.
func valueOf(values map[string]int32, common, word string) int32 {
	return values[common+strings.ToUpper(strings.ReplaceAll(word, "-", "_"))]
}
