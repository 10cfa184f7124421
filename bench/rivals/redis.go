package rivals

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kindred-match/kindred/bench/dataset"
)

// redisRival is a server of its own with a sorted set per tag. Members are
// numbered from the last document on, since Redis puts equal scores in the
// reverse order of members.
type redisRival struct {
	f       *dataset.Flat
	process *exec.Cmd
	client  *redis.Client
	unions  []redis.ZStore // by query
}

func openRedis(ctx context.Context, folder, _ string, f *dataset.Flat) (Rival, error) {
	socket, err := socketFolder()
	if err != nil {
		return nil, err
	}
	r := &redisRival{f: f}
	address := filepath.Join(socket, "redis.sock")
	r.process = exec.CommandContext(ctx, "redis-server", "--port", "0", "--unixsocket", address,
		"--save", "", "--appendonly", "no", "--dir", folder)
	if err := r.process.Start(); err != nil {
		return nil, err
	}
	r.client = redis.NewClient(&redis.Options{
		Network: "unix", Addr: address, PoolSize: 1, MaxRetries: 100, MinRetryBackoff: 20 * time.Millisecond,
		ReadTimeout: time.Minute,
	})
	if err := r.load(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for _, query := range f.Queries {
		var z redis.ZStore
		for _, p := range query {
			z.Keys = append(z.Keys, strconv.Itoa(int(p.Tag)))
			z.Weights = append(z.Weights, float64(p.Weight))
		}
		r.unions = append(r.unions, z)
	}
	return r, nil
}

// socketFolder is a new folder whose path is short enough for sockets.
func socketFolder() (string, error) { return os.MkdirTemp("", "rival") }

func (r *redisRival) load(ctx context.Context) error {
	const batch = 1000 // members a command
	sets := make([][]redis.Z, r.f.Tags)
	flush := func(tag int32) error {
		err := r.client.ZAdd(ctx, strconv.Itoa(int(tag)), sets[tag]...).Err()
		sets[tag] = sets[tag][:0]
		return err
	}
	for d, list := range r.f.Documents {
		for _, p := range list {
			sets[p.Tag] = append(sets[p.Tag], redis.Z{Score: float64(p.Weight), Member: r.member(d)})
			if len(sets[p.Tag]) == batch {
				if err := flush(p.Tag); err != nil {
					return err
				}
			}
		}
	}
	for tag := range sets {
		if len(sets[tag]) > 0 {
			if err := flush(int32(tag)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *redisRival) member(document int) string {
	return fmt.Sprintf("%08d", len(r.f.Documents)-1-document)
}

func (r *redisRival) Modes() []string { return []string{"zunionstore"} }

func (r *redisRival) rank(ctx context.Context, query, k int) (*redis.ZSliceCmd, error) {
	const out = "union"
	pipe := r.client.Pipeline()
	pipe.ZUnionStore(ctx, out, &r.unions[query])
	best := pipe.ZRevRangeWithScores(ctx, out, 0, int64(k-1))
	_, err := pipe.Exec(ctx)
	return best, err
}

func (r *redisRival) Pass(ctx context.Context, _ string, k int) ([]time.Duration, error) {
	return timed(len(r.unions), func(query int) error {
		_, err := r.rank(ctx, query, k)
		return err
	})
}

func (r *redisRival) Answers(ctx context.Context, _ string, k int) ([][]Hit, error) {
	return collected(len(r.unions), func(query int) ([]Hit, error) {
		best, err := r.rank(ctx, query, k)
		if err != nil {
			return nil, err
		}
		var hits []Hit
		for _, z := range best.Val() {
			member, _ := z.Member.(string)
			n, err := strconv.Atoi(member)
			if err != nil {
				return nil, err
			}
			hits = append(hits, Hit{len(r.f.Documents) - 1 - n, z.Score})
		}
		return hits, nil
	})
}

func (r *redisRival) Close() error {
	err := r.client.Close()
	if stop := r.process.Process.Signal(os.Interrupt); stop != nil {
		return errors.Join(err, stop)
	}
	_ = r.process.Wait() // how a server ends that was told to is its affair
	return errors.Join(err, os.RemoveAll(filepath.Dir(r.client.Options().Addr)))
}
