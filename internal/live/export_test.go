package live

import "context"

// OpenMerging is Open with another way to merge, for tests of what happens
// while a merge is under way, or when it fails.
func OpenMerging(ctx context.Context, o Options, merge merger) (*Catalogues, error) {
	return open(ctx, o, merge)
}
