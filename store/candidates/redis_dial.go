package candidates

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ErrURL is what the error of a bad URL of Redis wraps. It has nothing of the
// URL, in which there may be a password.
var ErrURL = errors.New("not a URL of Redis: must be like redis://HOST:PORT, " +
	"rediss:// for TLS, redis+cluster:// or redis+sentinel://HOST:PORT?master_name=NAME")

const (
	connectTime = time.Second
	perCore     = 10 // connections
)

// dial makes a client, which connects once it is used. What shapes delays is set
// here on purpose: every call has a deadline and is tried once.
func dial(o *RedisOptions) (redis.UniversalClient, error) {
	redis.SetLogger(silent{})
	scheme, rest, _ := strings.Cut(o.URL, "://")
	base, kind, _ := strings.Cut(scheme, "+")
	url := base + "://" + rest
	pool := perCore * runtime.GOMAXPROCS(0)
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch {
	case kind == "cluster":
		c, err := redis.ParseClusterURL(url)
		if err != nil {
			return nil, ErrURL
		}
		c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.ContextTimeoutEnabled = connectTime, writeTime, writeTime, true
		c.MaxRetries, c.Protocol, c.DisableIdentity, c.MaintNotificationsConfig = -1, 2, true, quiet
		c.PoolSize, c.MinIdleConns, c.PoolTimeout = pool, perCore, o.Budget
		return redis.NewClusterClient(c), nil
	case kind == "sentinel":
		c, err := redis.ParseFailoverURL(url)
		if err != nil || c.MasterName == "" {
			return nil, ErrURL
		}
		c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.ContextTimeoutEnabled = connectTime, writeTime, writeTime, true
		c.MaxRetries, c.Protocol, c.DisableIdentity = -1, 2, true
		c.PoolSize, c.MinIdleConns, c.PoolTimeout = pool, perCore, o.Budget
		return redis.NewFailoverClient(c), nil
	case kind != "":
		return nil, fmt.Errorf("%w; there is no +%s", ErrURL, kind)
	}
	c, err := redis.ParseURL(url)
	if err != nil {
		return nil, ErrURL
	}
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.ContextTimeoutEnabled = connectTime, writeTime, writeTime, true
	c.MaxRetries, c.Protocol, c.DisableIdentity, c.MaintNotificationsConfig = -1, 2, true, quiet
	c.PoolSize, c.MinIdleConns, c.PoolTimeout = pool, perCore, o.Budget
	return redis.NewClient(c), nil
}

// silent is go-redis' log: what matters is said by RedisOptions.Changed.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
