package candidates

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// PutPlain keeps a value under a key of its own for that long, at once. With
// GetPlain it is what reads of sets are measured beside: one command, on the same
// connections.
func (r *Redis) PutPlain(ctx context.Context, key string, value []byte, life time.Duration) error {
	return r.client.Set(ctx, key, value, life).Err()
}

// GetPlain returns the value that PutPlain has kept.
func (r *Redis) GetPlain(ctx context.Context, key string) ([]byte, error) {
	return r.client.Get(ctx, key).Bytes()
}

// Used is how many bytes of memory the server says that it uses, all told. Of a
// cluster it is one server's.
func (r *Redis) Used(ctx context.Context) (int64, error) {
	info, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis for its memory: %w", err)
	}
	for line := range strings.Lines(info) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			return strconv.ParseInt(n, 10, 64)
		}
	}
	return 0, fmt.Errorf("ask Redis for its memory: it doesn't say used_memory")
}
