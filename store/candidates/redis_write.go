package candidates

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// queued is how many writes may wait, together how many are sent at once.
	queued, together = 4096, 128
	// maxShared is how many values one student may have in Redis.
	maxShared = 64
	// writeTime is how long writes that are sent together may take.
	writeTime = time.Second
)

// write is a value to be kept or, with erased, a student to be erased.
type write struct {
	key    Key
	value  []byte
	erased chan struct{}
}

// Put has a value kept, behind the caller. It is dropped if Redis doesn't work,
// or can't follow.
func (r *Redis) Put(k Key, value []byte) {
	if !r.Working() {
		r.Counts.Shed.Add(1)
		return
	}
	select {
	case r.writes <- write{key: k, value: value}:
	default:
		r.Counts.Shed.Add(1)
	}
}

// Erase removes all that a student has, after what was put before. It waits for
// it as long as for a read; what takes longer, or fails, is made up for once
// Redis works again, or by the end of the values' lives.
func (r *Redis) Erase(ctx context.Context, s Student) {
	if !r.Working() {
		r.putOff(s)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Budget)
	defer cancel()
	erased := make(chan struct{})
	select {
	case r.writes <- write{key: Key{Student: s}, erased: erased}:
	case <-ctx.Done():
		r.putOff(s)
		return
	}
	select {
	case <-erased:
	case <-ctx.Done():
	}
}

// write carries out writes until Close.
func (r *Redis) write() {
	var some []write
	for {
		select {
		case w := <-r.writes:
			some = append(some[:0], w)
		case <-r.ctx.Done():
			r.finish()
			return
		}
		for more := true; more && len(some) < together; {
			select {
			case w := <-r.writes:
				some = append(some, w)
			default:
				more = false
			}
		}
		r.send(r.ctx, some)
	}
}

// finish carries out the erasures that still wait, and nothing else.
func (r *Redis) finish() {
	var erasures []write
	for {
		select {
		case w := <-r.writes:
			if w.erased != nil {
				erasures = append(erasures, w)
			}
			continue
		default:
		}
		if len(erasures) > 0 && r.Working() {
			r.send(context.WithoutCancel(r.ctx), erasures)
		}
		return
	}
}

// send carries out writes in their order.
func (r *Redis) send(ctx context.Context, some []write) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	replies := make([]redis.Cmder, len(some))
	lengths := make([]*redis.IntCmd, len(some))
	lives := make([]*redis.BoolCmd, len(some))
	pipe := r.client.Pipeline()
	for i, w := range some {
		if w.erased != nil {
			replies[i] = pipe.Unlink(ctx, w.key.hash())
			continue
		}
		replies[i] = pipe.HSet(ctx, w.key.hash(), w.key.field(), w.value)
		// From the first value on: those of a student that is asked for again and
		// again go too.
		lives[i] = pipe.ExpireNX(ctx, w.key.hash(), lifeOf(w.key.Brief, r.o.Life, r.o.BriefLife))
		lengths[i] = pipe.HLen(ctx, w.key.hash())
	}
	_, _ = pipe.Exec(ctx) // each reply has its own error
	for i, w := range some {
		err := replies[i].Err()
		switch {
		case w.erased != nil && err != nil:
			r.putOff(w.key.Student)
		case w.erased != nil:
			r.Counts.Erased.Add(1)
		case err != nil:
			r.Counts.Refused.Add(1)
		default:
			err = r.bounded(ctx, w.key, lives[i], lengths[i])
		}
		r.written(err)
		if w.erased != nil {
			close(w.erased)
		}
	}
}

// bounded drops what a student has if it would stay for ever, or there is too
// much of it.
func (r *Redis) bounded(ctx context.Context, k Key, life *redis.BoolCmd, length *redis.IntCmd) error {
	err := life.Err()
	if err == nil {
		err = length.Err()
	}
	if err == nil && length.Val() <= maxShared {
		r.Counts.Written.Add(1)
		return nil
	}
	r.Counts.Refused.Add(1)
	r.client.Unlink(ctx, k.hash())
	if err != nil {
		return fmt.Errorf("EXPIRE NX, which takes Redis 7, or HLEN: %w", err)
	}
	return nil
}

// written has Redis left alone if a write failed. One that it refuses (it is full,
// say) says nothing against reads; it is told once, until for a while none was
// refused.
func (r *Redis) written(err error) {
	var refusal redis.Error
	switch {
	case err == nil:
	case errors.As(err, &refusal):
		now := time.Now()
		if now.Sub(r.refused) > longest*r.o.Retry {
			r.o.Refused(err)
		}
		r.refused = now
	case r.ctx.Err() == nil:
		r.failed(err)
	}
}

// owed are students whose erasure was put off.
type owed struct {
	mu       sync.Mutex
	students []Student
}

func (r *Redis) putOff(s Student) {
	const most = 1 << 20
	r.Counts.EraseLater.Add(1)
	r.owed.mu.Lock()
	defer r.owed.mu.Unlock()
	if len(r.owed.students) < most {
		r.owed.students = append(r.owed.students, s)
	}
}

// settle carries out the erasures that were put off.
func (r *Redis) settle() {
	r.owed.mu.Lock()
	students := r.owed.students
	r.owed.students = nil
	r.owed.mu.Unlock()
	for _, s := range students {
		select {
		case r.writes <- write{key: Key{Student: s}, erased: make(chan struct{})}:
		case <-r.ctx.Done():
			return
		}
	}
}

// prefix begins the keys of all that is kept in Redis.
const prefix = "kindred:sets:"

// hash is the key of a student's hash, field the one of a value. Both are
// digests.
func (k *Key) hash() string  { return prefix + string(k.Student[:]) }
func (k *Key) field() string { return string(k.Field[:]) }
