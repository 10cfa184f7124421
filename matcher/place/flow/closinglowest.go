package flow

import (
	"context"
	"errors"
	"slices"
)

// errUnbalanced can't be: what is balanced anew has a placement already.
var errUnbalanced = errors.New("flow: a placement that was possible isn't any more")

// derived starts a state from the main one: of its stages those of rows, and after
// them, if given, one more without prices. Students are put where that is best for
// them.
func (c *Closing) derived(ctx context.Context, rows []int, more valuing, open func(s int, a int32) bool) (*lexicographic, error) {
	k := len(rows)
	values := make([]valuing, k, k+1)
	for i, r := range rows {
		values[i] = c.main.values[r]
	}
	if more != nil {
		values = append(values, more)
		k++
	}
	tree := c.tree()
	price := make([]int64, (len(tree.parent)+1)*k)
	for v := range len(tree.parent) + 1 {
		for i, r := range rows {
			price[v*k+i] = c.main.row(int32(v))[r]
		}
	}
	x := newLexicographic(c.net, tree, values, open, slices.Clone(c.main.at), price)
	return x, x.reconsider(ctx, nil)
}

// reconsider puts students where that is best for them, once values have changed:
// all, or those whose arc is one of some.
func (x *lexicographic) reconsider(ctx context.Context, which func(s int, a int32) bool) error {
	for s, a := range x.at {
		if (which == nil || a >= 0 && which(s, a)) && !x.settle(int32(s)) {
			return errUnbalanced
		}
	}
	possible, err := x.balanceAll(ctx)
	if err == nil && !possible {
		return errUnbalanced
	}
	return err
}

// lowestRow is the row of the stage Lowest in the main state, -1 without one.
func (c *Closing) lowestRow() int {
	return slices.IndexFunc(c.list, func(st step) bool { return st.measure == Lowest })
}

// proven returns states whose prices prove the placement, stage by stage: one of all
// stages but Lowest, and one of Placed and Lowest. Prices by which arcs below the
// lowest weight are bad, as the main state has them, don't prove that other
// stages are the best without these arcs.
func (c *Closing) proven(ctx context.Context) (last, proof *lexicographic, err error) {
	at := c.lowestRow()
	if at < 0 {
		return c.main, nil, nil
	}
	var rows []int
	for i := range c.list {
		if i != at {
			rows = append(rows, i)
		}
	}
	last, err = c.derived(ctx, rows, nil, func(s int, a int32) bool {
		return c.obj.Weights[a] >= c.lowest || !c.net.counts(s)
	})
	if err != nil {
		return nil, nil, err
	}
	proof, err = c.derived(ctx, []int{0}, c.below(&c.lowest, 1), nil)
	return last, proof, err
}

// followLowest finds the lowest weight again after a change.
func (c *Closing) followLowest(ctx context.Context) (err error) {
	if c.lowestRow() < 0 {
		return nil
	}
	if c.proof == nil {
		c.proof, err = c.derived(ctx, []int{0}, c.below(&c.lowest, 1), nil)
	} else {
		err = c.proof.reconsider(ctx, func(int, int32) bool { return false })
	}
	if err != nil {
		return err
	}
	before := c.lowest
	if lowest, placed := c.lightest(c.main); placed && lowest < c.lowest {
		// It can't be kept. What there is now bounds it from below.
		c.lowest = lowest
		if err := c.proof.reconsider(ctx, nil); err != nil {
			return err
		}
	}
	for {
		lowest, placed := c.lightest(c.proof)
		if !placed {
			c.lowest = 0
			break
		}
		if lowest <= c.lowest {
			break
		}
		c.lowest = lowest
		err := c.proof.reconsider(ctx, func(s int, a int32) bool { return c.obj.Weights[a] == lowest })
		if err != nil {
			return err
		}
	}
	if c.lowest == before {
		return nil
	}
	return c.main.reconsider(ctx, nil)
}

// lightest returns the lowest weight of all who are placed and counted, if there
// are any.
func (c *Closing) lightest(x *lexicographic) (lowest int32, placed bool) {
	for s, a := range x.at {
		if a < 0 || !c.net.counts(s) {
			continue
		}
		if weight := c.obj.Weights[a]; !placed || weight < lowest {
			lowest, placed = weight, true
		}
	}
	return lowest, placed
}
