package flow

import "context"

// balance ends with all balances of a state 0, or with the error of a program
// that has no solution, or of the context. It takes single paths while they
// are short, and rounds of phases where they aren't or are many.
func balance(ctx context.Context, s *state) error {
	const many = 64
	all, single := newPhases(s), newPaths(s)
	for all.layer() {
		all.block()
	}
	for all.unbalanced() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if all.excess() <= many && single.balanceSome(len(s.head)/2) {
			return nil
		}
		if err := all.round(); err != nil {
			return err
		}
	}
	return nil
}
