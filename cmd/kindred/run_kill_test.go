package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

var (
	kills    = flag.Int("kills", 4, "how often the server is killed under a run, and as often while it publishes")
	killSeed = flag.Uint64("kill-seed", 1, "of the moments at which it is")
)

// process is a command under way.
type process struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...), stderr: new(bytes.Buffer)}
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process at once, if it still runs.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	_ = p.cmd.Wait()         // it may have been waited for
}

// invented is the folder of an invented district.
func invented(t *testing.T, students, opportunities int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "district")
	succeed(t, "generate", dir, "--students", fmt.Sprint(students), "--opportunities", fmt.Sprint(opportunities), "--seed", "5")
	return dir
}

// watchRun follows a run to its end.
func watchRun(t *testing.T, client kindredv1.PlacementServiceClient, id string) *kindredv1.Run {
	t.Helper()
	stream, err := client.WatchRun(t.Context(), &kindredv1.WatchRunRequest{District: "default", Run: id})
	if err != nil {
		t.Fatal(err)
	}
	var last *kindredv1.Run
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) && last != nil {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
		last = answer.GetRun()
	}
}

// trials are a server that is killed again and again, with what its runs are to
// come to by seed.
type trials struct {
	data   string
	server *served
	client kindredv1.PlacementServiceClient
	moment *rand.Rand
	took   time.Duration // a run that nobody disturbs
	want   map[uint64]outcome
}

// outcome is what a run comes to.
type outcome struct {
	placed map[string]string // by student, the opportunity
	text   string            // all of it
}

func (x *trials) restart(t *testing.T) {
	t.Helper()
	x.server.kill()
	x.server = serve(t, x.data)
	x.client = kindredv1.NewPlacementServiceClient(x.server.dial(t))
}

func (x *trials) create(t *testing.T, seed uint64) string {
	t.Helper()
	answer, err := x.client.CreateRun(t.Context(), &kindredv1.CreateRunRequest{
		District: "default", RequestId: uuid.NewString(), Options: &kindredv1.RunOptions{
			Objective: kindredv1.Objective_OBJECTIVE_GENEROUS, Seed: &seed, AsOf: "2026-09-01", Candidates: 10,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetRun().GetRun()
}

// rows are the placements of a run, or with no run those that stand.
func (x *trials) rows(t *testing.T, id string) outcome {
	t.Helper()
	found := outcome{placed: make(map[string]string)}
	var text strings.Builder
	r := &runs{x.client, nil, "default"}
	err := r.placements(t.Context(), id, func(p *kindredv1.Placement) error {
		if p.GetOpportunity() != "" {
			found.placed[p.GetStudent()] = p.GetOpportunity()
		}
		fmt.Fprintln(&text, p.GetStudent(), p.GetOpportunity(), p.GetRank(), p.GetScore(), p.GetUnplacedReason())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found.text = text.String()
	return found
}

// TestKilledRuns kills the server with signal 9 at the boundaries of steps and
// at random moments: the run goes on and ends with the same placements; and
// while it publishes: that is done once, or not at all.
func TestKilledRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the program that runs has no race detector")
	}
	x := &trials{data: t.TempDir(), moment: rand.New(rand.NewPCG(*killSeed, 0)), want: make(map[uint64]outcome)}
	x.server = serve(t, x.data)
	x.client = kindredv1.NewPlacementServiceClient(x.server.dial(t))
	succeed(t, "import", invented(t, 1200, 150), "--server", x.server.address)
	for seed := range uint64(2) {
		begun := time.Now()
		id := x.create(t, seed)
		if got := watchRun(t, x.client, id); got.GetState() != kindredv1.RunState_RUN_STATE_DRAFT {
			t.Fatalf("undisturbed, the run is %v: %s", got.GetState(), got.GetFailure())
		}
		x.took = time.Since(begun)
		x.want[seed] = x.rows(t, id)
	}
	if len(x.want[0].placed) == 0 || maps.Equal(x.want[0].placed, x.want[1].placed) {
		t.Fatal("both seeds give the same, so that nothing can be told from it")
	}
	met := make(map[string]int)
	for i := range *kills {
		seed := uint64(i % 2)
		id := x.create(t, seed)
		met[x.disturb(t, i, id)]++
		x.restart(t)
		if got := watchRun(t, x.client, id); got.GetState() != kindredv1.RunState_RUN_STATE_DRAFT {
			t.Fatalf("trial %d: the run is %v: %s", i, got.GetState(), got.GetFailure())
		}
		if x.rows(t, id).text != x.want[seed].text {
			t.Fatalf("trial %d: other placements than undisturbed", i)
		}
		met[x.publish(t, i, id, seed)]++
	}
	t.Logf("a run takes %v; the server was killed in %v", x.took, met)
}

// disturb kills the server under a run, and says where.
func (x *trials) disturb(t *testing.T, trial int, id string) string {
	t.Helper()
	steps := []kindredv1.RunStep{
		kindredv1.RunStep_RUN_STEP_SNAPSHOT, kindredv1.RunStep_RUN_STEP_CHECK, kindredv1.RunStep_RUN_STEP_SCORE,
		kindredv1.RunStep_RUN_STEP_PLACE, kindredv1.RunStep_RUN_STEP_VERIFY,
	}
	boundary := steps[trial/2%len(steps)]
	reached := make(chan struct{})
	var last kindredv1.RunStep
	var told sync.WaitGroup
	told.Go(func() {
		var once sync.Once
		defer once.Do(func() { close(reached) })
		stream, err := x.client.WatchRun(t.Context(), &kindredv1.WatchRunRequest{District: "default", Run: id})
		for err == nil {
			var answer *kindredv1.WatchRunResponse
			if answer, err = stream.Recv(); err != nil {
				return
			}
			if last = answer.GetRun().GetProgress().GetStep(); last >= boundary {
				once.Do(func() { close(reached) })
			}
		}
	})
	if trial%2 == 0 {
		<-reached
	} else {
		<-time.After(time.Duration(x.moment.Int64N(int64(x.took))))
	}
	x.server.kill()
	told.Wait()
	return word(last, "RUN_STEP_")
}

// publish has the server killed while it publishes a run.
func (x *trials) publish(t *testing.T, trial int, id string, seed uint64) string {
	t.Helper()
	before := x.rows(t, "").placed
	request := &kindredv1.PublishRunRequest{District: "default", RequestId: uuid.NewString(), Run: id}
	answered := make(chan error, 1)
	client := x.client // of the server that is to be killed
	go func() {
		_, err := client.PublishRun(t.Context(), request)
		answered <- err
	}()
	const most = 60 * time.Millisecond
	var early error
	select {
	case early = <-answered:
		if early != nil {
			t.Fatalf("trial %d: publish: %v", trial, early)
		}
	case <-time.After(time.Duration(x.moment.Int64N(int64(most)))):
		early = errors.New("not yet")
	}
	x.restart(t)
	got, err := x.client.GetRun(t.Context(), &kindredv1.GetRunRequest{District: "default", Run: id})
	if err != nil {
		t.Fatal(err)
	}
	state, rows := got.GetRun().GetState(), x.rows(t, "").placed
	switch {
	case state == kindredv1.RunState_RUN_STATE_PUBLISHED && maps.Equal(rows, x.want[seed].placed):
	case state == kindredv1.RunState_RUN_STATE_DRAFT && early != nil && maps.Equal(rows, before):
	default:
		t.Fatalf("trial %d: the run is %v after an answer of %v, and %d placements stand that are those of neither", trial, state, early, len(rows))
	}
	// The same request again: the same answer, whether it was done or not.
	if _, err := x.client.PublishRun(t.Context(), request); err != nil {
		t.Fatalf("trial %d: publish again: %v", trial, err)
	}
	if !maps.Equal(x.rows(t, "").placed, x.want[seed].placed) {
		t.Fatalf("trial %d: other placements stand than the run's", trial)
	}
	if early == nil {
		return "publishing, answered"
	}
	return "publishing, " + word(state, "RUN_STATE_")
}

// TestTwoPublish has two coordinators publish different drafts at once: one
// wins, the other is told, and what stands is the winner's.
func TestTwoPublish(t *testing.T) {
	x := &trials{data: t.TempDir()}
	x.server = serve(t, x.data)
	x.client = kindredv1.NewPlacementServiceClient(x.server.dial(t))
	succeed(t, "import", invented(t, 300, 60), "--server", x.server.address)
	ids := []string{x.create(t, 1), x.create(t, 2)}
	var want []outcome
	for _, id := range ids {
		watchRun(t, x.client, id)
		want = append(want, x.rows(t, id))
	}
	commands := make([]*process, len(ids))
	for i, id := range ids {
		commands[i] = start(t, "run", "publish", id, "--server", x.server.address)
	}
	won := -1
	for i, c := range commands {
		switch err := c.cmd.Wait(); {
		case err == nil && won >= 0:
			t.Errorf("both were published: %s", c.stderr)
		case err == nil:
			won = i
		case c.cmd.ProcessState.ExitCode() != exitNo || c.stderr.Len() == 0:
			t.Errorf("exit code %d: %s", c.cmd.ProcessState.ExitCode(), c.stderr)
		}
	}
	if won < 0 {
		t.Fatal("none was published")
	}
	if !maps.Equal(x.rows(t, "").placed, want[won].placed) {
		t.Error("what stands is not the winner's")
	}
}
