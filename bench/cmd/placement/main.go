// Command placement measures the placement of invented families of instances,
// beside LEMON's solvers where their program is given.
//
//	placement [--lemon PROGRAM] [--students N] [--opportunities M] [--arcs K]
//	          [--rounds R] [--goal welfare] [--table] [FAMILY ...]
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kindred-match/kindred/bench/instances"
	"github.com/kindred-match/kindred/matcher/place/flow"
)

// result is one line of output.
type result struct {
	Family        string  `json:"family"`
	Goal          string  `json:"goal"`
	Students      int     `json:"students"`
	Opportunities int     `json:"opportunities"`
	Arcs          int     `json:"arcs"`
	Seconds       float64 `json:"seconds"` // the median
	Simplex       float64 `json:"network_simplex_seconds,omitempty"`
	Scaling       float64 `json:"cost_scaling_seconds,omitempty"`
	Ratio         float64 `json:"ratio,omitempty"`
	// Time of the processor, which says more on a machine that is busy.
	CPU        float64 `json:"cpu_seconds"`
	SimplexCPU float64 `json:"network_simplex_cpu_seconds,omitempty"`
	ScalingCPU float64 `json:"cost_scaling_cpu_seconds,omitempty"`
	RatioCPU   float64 `json:"cpu_ratio,omitempty"`
	// Of the same instance without partners' caps and without minimums.
	Without      float64 `json:"without_limits_seconds,omitempty"`
	WithoutCPU   float64 `json:"without_limits_cpu_seconds,omitempty"`
	LimitsFactor float64 `json:"limits_factor,omitempty"` // how many times longer it takes with them, by the processor
	Total        int64   `json:"total"`
	PeakBytes    int64   `json:"peak_bytes"` // of the process, so far
}

type settings struct {
	size    instances.Size
	rounds  int
	workers int
	seed    uint64
	lemon   string
	goal    string
	profile string
}

var goals = map[string]flow.Goal{
	"welfare": flow.Welfare, "max-placed": flow.MaxPlaced, "min-rank": flow.MinRank,
	"greedy": flow.Greedy, "generous": flow.Generous, "maximin": flow.Maximin,
}

func main() {
	var s settings
	flag.StringVar(&s.lemon, "lemon", "", "the program that bench/lemon/build.sh makes")
	flag.IntVar(&s.size.Students, "students", 100_000, "how many students")
	flag.IntVar(&s.size.Opportunities, "opportunities", 5_000, "how many opportunities")
	flag.IntVar(&s.size.Arcs, "arcs", 20, "how many opportunities a student lists")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each solves each instance")
	flag.IntVar(&s.workers, "workers", 0, "goroutines; 0: one per processor")
	flag.Uint64Var(&s.seed, "seed", 1, "the seed of the instances")
	flag.StringVar(&s.goal, "goal", "welfare", "the objective")
	flag.StringVar(&s.profile, "cpuprofile", "", "a file for a profile")
	table := flag.Bool("table", false, "print a table, not JSON lines")
	flag.Parse()
	if err := run(s, *table, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "placement:", err)
		os.Exit(1)
	}
}

func run(s settings, table bool, names []string) error {
	if len(names) == 0 {
		for _, f := range instances.Families() {
			names = append(names, f.Name)
		}
	}
	if s.profile != "" {
		file, err := os.Create(s.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if table {
		fmt.Println("| family | seconds | network simplex | cost scaling | ratio | of the processor | network simplex | cost scaling | ratio |\n|---|---|---|---|---|---|---|---|---|")
	}
	for _, name := range names {
		family, err := instances.Get(name)
		if err != nil {
			return err
		}
		r, err := measure(s, family)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if table {
			fmt.Printf("| %s | %.3f | %.2f | %.2f | %.1f | %.3f | %.2f | %.2f | %.1f |\n", r.Family,
				r.Seconds, r.Simplex, r.Scaling, r.Ratio, r.CPU, r.SimplexCPU, r.ScalingCPU, r.RatioCPU)
		} else if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func measure(s settings, family instances.Family) (*result, error) {
	goal, ok := goals[s.goal]
	if !ok {
		return nil, fmt.Errorf("no objective %q", s.goal)
	}
	in := family.Make(s.size, s.seed)
	r := &result{
		Family: family.Name, Goal: s.goal, Students: in.Students(), Opportunities: in.Opportunities(), Arcs: len(in.Target),
	}
	var file string
	if s.lemon != "" && goal == flow.Welfare {
		dir, err := os.MkdirTemp("", "placement")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		file = filepath.Join(dir, family.Name)
		if err := write(file, in); err != nil {
			return nil, err
		}
	}
	var ours, without, simplex, scaling, oursCPU, withoutCPU, simplexCPU, scalingCPU []float64
	limited := in.Partner != nil || in.Minimum != nil
	for range s.rounds {
		if file != "" {
			rival, err := solveByLemon(s.lemon, file)
			if err != nil {
				return nil, err
			}
			simplex, scaling = append(simplex, rival.Simplex), append(scaling, rival.Scaling)
			simplexCPU, scalingCPU = append(simplexCPU, rival.SimplexCPU), append(scalingCPU, rival.ScalingCPU)
			r.Total = rival.Total
		}
		value, seconds, cpu, err := solve(s, in, goal, true)
		if err != nil {
			return nil, err
		}
		ours, oursCPU = append(ours, seconds), append(oursCPU, cpu)
		if limited {
			_, seconds, cpu, err := solve(s, in, goal, false)
			if err != nil {
				return nil, err
			}
			without, withoutCPU = append(without, seconds), append(withoutCPU, cpu)
		}
		if file != "" && value != r.Total {
			return nil, fmt.Errorf("the sum is %d, LEMON's %d", value, r.Total)
		}
		r.Total = value
	}
	r.Seconds, r.CPU = median(ours), median(oursCPU)
	if file != "" {
		r.Simplex, r.Scaling = median(simplex), median(scaling)
		r.SimplexCPU, r.ScalingCPU = median(simplexCPU), median(scalingCPU)
		r.Ratio = min(r.Simplex, r.Scaling) / r.Seconds
		r.RatioCPU = min(r.SimplexCPU, r.ScalingCPU) / r.CPU
	}
	if limited {
		r.Without, r.WithoutCPU = median(without), median(withoutCPU)
		r.LimitsFactor = r.CPU / r.WithoutCPU
	}
	r.PeakBytes = peak()
	return r, nil
}

// solve solves an instance, with its caps and minimums or without, and returns
// what its last stage has, and the time by the clock and of the processor.
func solve(s settings, in *instances.Instance, goal flow.Goal, limited bool) (value int64, seconds, cpu float64, err error) {
	n := in.Network
	if !limited {
		n.Partner, n.Cap, n.Minimum = nil, nil, nil
	}
	runtime.GC()
	start, used := time.Now(), processor()
	sol, err := flow.Solve(context.Background(), &n,
		flow.Objective{Goal: goal, Weights: in.Weights, Ranks: in.Ranks}, flow.Options{Workers: s.workers})
	if err != nil {
		return 0, 0, 0, err
	}
	return sol.Stages[len(sol.Stages)-1].Value, time.Since(start).Seconds(), (processor() - used).Seconds(), nil
}

// processor returns how long this process has had a processor.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func solveByLemon(program, file string) (*result, error) {
	out, err := exec.Command(program, file).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	var r result
	return &r, json.Unmarshal(out, &r)
}

// write makes the file that bench/lemon/rival.cpp describes.
func write(name string, in *instances.Instance) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	partner, minimum := in.Partner, in.Minimum
	if partner == nil {
		partner = slices.Repeat([]int32{-1}, len(in.Seats))
	}
	if minimum == nil {
		minimum = make([]int32, len(in.Seats))
	}
	head := []int32{int32(in.Students()), int32(in.Opportunities()), int32(len(in.Cap)), int32(len(in.Target))}
	for _, v := range [][]int32{head, in.First, in.Target, in.Weights, in.Seats, minimum, partner, in.Cap} {
		if err := binary.Write(w, binary.LittleEndian, v); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// peak returns the largest resident size so far, 0 where the system doesn't say.
func peak() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
