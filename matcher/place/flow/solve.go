package flow

import (
	"context"
	"slices"
)

// Solve finds an optimal placement. Its errors are those of ErrNetwork for
// malformed input, an InfeasibleError where no placement meets all minimums,
// and the context's.
func Solve(ctx context.Context, n *Network, obj Objective, opt Options) (*Solution, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if err := n.checkObjective(obj); err != nil {
		return nil, err
	}
	if err := n.checkMinimums(); err != nil {
		return nil, err
	}
	var highest int32
	for _, r := range obj.Ranks {
		highest = max(highest, r)
	}
	pieces := cut(n, obj)
	sealed := slices.Contains(n.shut(), true)
	sol := &Solution{Arc: make([]int32, n.Students())}
	list := steps(obj, highest)
	for i, st := range list {
		if opt.Progress != nil {
			opt.Progress(Progress{Stage: i + 1, Stages: len(list)})
		}
		stage, err := stageOf(ctx, n, pieces, st, opt.Workers)
		if err != nil {
			return nil, err
		}
		if sealed {
			n.seal(stage, i == 0, n.valuing(&obj, st, 0))
		}
		sol.Stages = append(sol.Stages, *stage)
	}
	for _, p := range pieces {
		used := p.used
		if p.arcNumbers != nil {
			for s, a := range used {
				if a >= 0 {
					used[s] = p.arcNumbers[a]
				}
			}
		}
		put(sol.Arc, used, p.students)
	}
	return sol, nil
}
