package redistest

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Watched is a master with a replica and three Sentinels that watch them.
type Watched struct {
	Master, Replica *Server
	Sentinels       []*Server
}

// MasterName is the master's for Sentinel.
const MasterName = "main"

// StartWatched starts them. A master that has died is replaced after a second or
// two.
func StartWatched(t testing.TB) *Watched {
	t.Helper()
	w := &Watched{Master: Start(t, "--repl-diskless-sync-delay", "0")}
	host, port, _ := net.SplitHostPort(w.Master.Addr)
	w.Replica = Start(t, "--replicaof", host+" "+port)
	for range 3 {
		file := filepath.Join(t.TempDir(), "sentinel.conf") // it writes there what it learns
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s := Start(t, file, "--sentinel")
		w.Sentinels = append(w.Sentinels, s)
		c := s.Client(t)
		for _, args := range [][]any{
			{"SENTINEL", "MONITOR", MasterName, host, port, 2},
			{"SENTINEL", "SET", MasterName, "down-after-milliseconds", 300, "failover-timeout", 3000},
		} {
			if err := c.Do(t.Context(), args...).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range w.Sentinels {
		c := redis.NewSentinelClient(&redis.Options{Addr: s.Addr})
		await(t, "Sentinels know each other and the replica", func() bool {
			others, _ := c.Sentinels(t.Context(), MasterName).Result()
			replicas, _ := c.Replicas(t.Context(), MasterName).Result()
			return len(others) == 2 && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
		})
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// URL names all Sentinels, or the first of them would have to live.
func (w *Watched) URL() string {
	url := "redis+sentinel://" + w.Sentinels[0].Addr + "?master_name=" + MasterName
	for _, s := range w.Sentinels[1:] {
		url += "&addr=" + s.Addr
	}
	return url
}
