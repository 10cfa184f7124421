package candidates

import (
	"context"
	"crypto/tls"
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

// connectTime is how long it may take to make connections.
const connectTime = time.Second

// readers is how many reads may be under way. Beside as many connections there
// is one for writes and one for probes.
func readers() int { return min(10*runtime.GOMAXPROCS(0), 100) }

const others = 2

// dial makes a client, which connects once it is used. What shapes delays is set
// here on purpose: every call has a deadline and is tried once, though where the
// cluster says; pipelines have no connections of their own, which nobody would
// have made before; connections take turns, so that none is left idle.
func dial(o *RedisOptions) (redis.UniversalClient, error) {
	redis.SetLogger(silent{})
	scheme, rest, _ := strings.Cut(o.URL, "://")
	base, kind, _ := strings.Cut(scheme, "+")
	url := base + "://" + rest
	pool := readers() + others
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch {
	case kind == "cluster":
		c, err := redis.ParseClusterURL(url)
		if err != nil {
			return nil, ErrURL
		}
		c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.ContextTimeoutEnabled = connectTime, writeTime, writeTime, true
		c.MaxRetries, c.MinRetryBackoff, c.MaxRetryBackoff, c.DialerRetries = -1, -1, -1, 1
		c.Protocol, c.DisableIdentity, c.MaintNotificationsConfig, c.DisableRoutingPolicies = 2, true, quiet, true
		c.PoolSize, c.MinIdleConns, c.PoolTimeout, c.PoolFIFO, c.PipelinePoolSize = pool, pool, connectTime, true, -1
		c.TLSConfig = trust(c.TLSConfig, o.TLS)
		return redis.NewClusterClient(c), nil
	case kind == "sentinel":
		c, err := redis.ParseFailoverURL(url)
		if err != nil || c.MasterName == "" {
			return nil, ErrURL
		}
		c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.ContextTimeoutEnabled = connectTime, writeTime, writeTime, true
		c.MaxRetries, c.DialerRetries, c.Protocol, c.DisableIdentity = -1, 1, 2, true
		c.PoolSize, c.MinIdleConns, c.PoolTimeout, c.PoolFIFO, c.PipelinePoolSize = pool, pool, connectTime, true, -1
		c.TLSConfig = trust(c.TLSConfig, o.TLS)
		return redis.NewFailoverClient(c), nil
	case kind != "":
		return nil, fmt.Errorf("%w; there is no +%s", ErrURL, kind)
	}
	c, err := redis.ParseURL(url)
	if err != nil {
		return nil, ErrURL
	}
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.ContextTimeoutEnabled = connectTime, writeTime, writeTime, true
	c.MaxRetries, c.DialerRetries, c.Protocol, c.DisableIdentity, c.MaintNotificationsConfig = -1, 1, 2, true, quiet
	c.PoolSize, c.MinIdleConns, c.PoolTimeout, c.PoolFIFO, c.PipelinePoolSize = pool, pool, connectTime, true, -1
	c.TLSConfig = trust(c.TLSConfig, o.TLS)
	return redis.NewClient(c), nil
}

// trust is what a URL asks for, which is nil without TLS, with the authorities
// and certificates that were given.
func trust(asked, given *tls.Config) *tls.Config {
	if asked == nil || given == nil {
		return asked
	}
	asked.RootCAs, asked.Certificates = given.RootCAs, given.Certificates
	return asked
}

// silent is go-redis' log: what matters is said by RedisOptions.Changed.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
