package flow

import (
	"context"
	"slices"
)

// Closing is an optimal placement of a network from which opportunities are taken
// away, one after the other. Each time only what that disturbs is placed anew, by
// shortest paths from the prices before. Which of several optimal placements it
// comes to depends on the one before, and so on the order in which
// opportunities were taken away; it is no matter of chance.
type Closing struct {
	net  *Network // without minimums and seats of what is closed
	obj  Objective
	opt  Options
	list []step
	main *lexicographic
	// For Maximin: the lowest weight, and the placement that has the fewest at
	// that, which shows that it can't be higher.
	lowest int32
	proof  *lexicographic
}

// NewClosing takes a solution of a network. Neither is changed.
func NewClosing(n *Network, obj Objective, sol *Solution, opt Options) *Closing {
	net := *n
	net.Seats, net.Minimum = slices.Clone(n.Seats), slices.Clone(n.Minimum)
	c := &Closing{net: &net, obj: obj, opt: opt}
	c.start(sol)
	return c
}

// start takes over a solution.
func (c *Closing) start(sol *Solution) {
	c.list = nil
	for i := range sol.Stages {
		st := &sol.Stages[i]
		c.list = append(c.list, step{st.Measure, st.Rank})
		if st.Measure == Lowest {
			c.lowest = int32(st.Value)
		}
	}
	k := len(c.list)
	tree := c.tree()
	price := make([]int64, (len(tree.parent)+1)*k)
	for i := range sol.Stages {
		if c.list[i].measure == Lowest {
			continue // nobody is below it, so that it has no price
		}
		for v, p := range tree.prices(&sol.Stages[i]) {
			price[v*k+i] = p
		}
	}
	values := make([]valuing, k)
	for i, st := range c.list {
		values[i] = c.net.valuing(&c.obj, st, 0)
		if st.measure == Lowest {
			values[i] = c.below(&c.lowest, 0)
		}
	}
	c.main = newLexicographic(c.net, tree, values, nil, slices.Clone(sol.Arc), price)
	c.proof = nil
}

// tree has no seats where nobody can be.
func (c *Closing) tree() *program {
	tree := newTree(c.net)
	for o, shut := range c.net.shut() {
		if shut {
			tree.low[o], tree.high[o] = 0, 0
		}
	}
	return tree
}

// below counts, negated, who is below a weight, or not above it by so much.
func (c *Closing) below(weight *int32, margin int32) valuing {
	return func(s int, a int32) int32 {
		if c.net.counts(s) && c.obj.Weights[a] < *weight+margin {
			return -1
		}
		return 0
	}
}

// Arcs is the placement: by student its arc, or -1. It is for reading, until the
// next Close.
func (c *Closing) Arcs() []int32 { return c.main.at }

// Close takes away opportunities with their minimums. Its errors are Solve's for
// what is left, after which there is no placement.
func (c *Closing) Close(ctx context.Context, opportunities ...int32) error {
	for _, o := range opportunities {
		c.net.Seats[o] = 0
		if c.net.Minimum != nil {
			c.net.Minimum[o] = 0
		}
	}
	possible := true
	for _, o := range opportunities {
		possible = possible && c.main.close(o) && (c.proof == nil || c.proof.close(o))
	}
	if possible {
		var err error
		if possible, err = c.main.balanceAll(ctx); err != nil {
			return err
		}
	}
	if !possible { // which only happens where somebody must be placed
		return c.anew(ctx)
	}
	return c.followLowest(ctx)
}

// anew solves what is left from the start.
func (c *Closing) anew(ctx context.Context) error {
	sol, err := Solve(ctx, c.net, c.obj, c.opt)
	if err != nil {
		return err
	}
	c.start(sol)
	return nil
}

// Solution returns the placement with its proof.
func (c *Closing) Solution(ctx context.Context) (*Solution, error) {
	last, proof, err := c.proven(ctx)
	if err != nil {
		return nil, err
	}
	// The placement is tight at any prices that prove one that is as good.
	sol := &Solution{Arc: slices.Clone(c.main.at)}
	row := 0
	for i, st := range c.list {
		var stage *Stage
		if st.measure == Lowest {
			stage = proof.stage(0, 1)
			stage.Value, stage.Above = int64(c.lowest), stage.Value
		} else {
			stage = last.stage(row)
			row++
		}
		stage.Measure, stage.Rank = st.measure, st.rank
		c.net.seal(stage, i == 0, c.net.valuing(&c.obj, st, 0))
		sol.Stages = append(sol.Stages, *stage)
	}
	return sol, nil
}

// stage makes the proof of a stage, or of the sum of several.
func (x *lexicographic) stage(rows ...int) *Stage {
	st := &Stage{
		Students:      make([]int64, len(x.at)),
		Opportunities: make([]int64, x.opportunities),
		Partners:      make([]int64, len(x.parent)-x.opportunities),
	}
	for _, i := range rows {
		for s, a := range x.at {
			value := x.value(i, int32(s), a)
			st.Value += value
			st.Students[s] += value - x.row(x.target(a))[i]
		}
		for v, up := range x.parent {
			d := x.row(int32(v))[i] - x.row(up)[i]
			if v < x.opportunities {
				st.Opportunities[v] += d
			} else {
				st.Partners[v-x.opportunities] += d
			}
		}
	}
	return st
}
