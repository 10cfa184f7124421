package redistest

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slots is how many a cluster has.
const slots = 16384

// Cluster is a Redis cluster of its own: three masters with a replica each.
type Cluster struct {
	Masters, Replicas []*Node // a master's replica has its index
}

// Node is a server of a cluster.
type Node struct {
	*Server
	ID     string
	client *redis.Client
	bus    string // the port that nodes speak to each other at
}

// StartCluster starts one. What has died is replaced after a second or two.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	var nodes [6]*Node
	for i := range nodes {
		bus := strconv.Itoa(FreePort(t))
		s := Start(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "500",
			"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
		nodes[i] = &Node{Server: s, client: s.Client(t), bus: bus}
	}
	c := &Cluster{Masters: nodes[:3], Replicas: nodes[3:]}
	for i, n := range nodes {
		n.do(t, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
		n.ID = n.do(t, "CLUSTER", "MYID").(string)
		host, port, _ := net.SplitHostPort(nodes[0].Addr)
		n.do(t, "CLUSTER", "MEET", host, port, nodes[0].bus)
	}
	for i, n := range c.Masters {
		n.do(t, "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1)
	}
	for i, n := range c.Replicas {
		await(t, "a replica knows its master", func() bool {
			return n.client.Do(t.Context(), "CLUSTER", "REPLICATE", c.Masters[i].ID).Err() == nil
		})
	}
	for _, n := range nodes {
		await(t, "all nodes know each other", func() bool {
			info := n.client.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:6")
		})
	}
	for _, n := range c.Replicas {
		await(t, "a replica follows its master", func() bool {
			return strings.Contains(n.client.Info(t.Context(), "replication").Val(), "master_link_status:up")
		})
	}
	return c
}

// do has a node carry out a command that must not fail.
func (n *Node) do(t testing.TB, args ...any) any {
	t.Helper()
	reply, err := n.client.Do(t.Context(), args...).Result()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return reply
}

// URL is the cluster's, naming all of its nodes, or the first of them would
// have to live.
func (c *Cluster) URL() string {
	var b strings.Builder
	b.WriteString("redis+cluster://" + c.Masters[0].Addr)
	for i, n := range append(c.Masters[1:3:3], c.Replicas...) {
		b.WriteString([]string{"?", "&"}[min(i, 1)] + "addr=" + n.Addr)
	}
	return b.String()
}

// Failover makes a replica a master, and its master a replica, while both live.
func (c *Cluster) Failover(t testing.TB, i int) {
	t.Helper()
	c.Replicas[i].do(t, "CLUSTER", "FAILOVER")
	c.promoted(t, i)
}

// KillMaster ends a master at once, and waits until its replica has taken over.
func (c *Cluster) KillMaster(t testing.TB, i int) {
	t.Helper()
	c.Masters[i].Kill()
	c.promoted(t, i)
}

// promoted waits until a replica is a master for itself and the others.
func (c *Cluster) promoted(t testing.TB, i int) {
	t.Helper()
	await(t, "the replica takes over", func() bool {
		return strings.Contains(c.Replicas[i].client.Info(t.Context(), "replication").Val(), "role:master")
	})
	c.Masters[i], c.Replicas[i] = c.Replicas[i], c.Masters[i]
	for _, n := range c.Masters {
		await(t, "the cluster works again", func() bool {
			return strings.Contains(n.client.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
		})
	}
}

// Reshard moves the slots of all keys that one master has to another one, key by
// key, and returns how many keys there were.
func (c *Cluster) Reshard(t testing.TB, from, to int) (moved int) {
	t.Helper()
	source, target := c.Masters[from], c.Masters[to]
	done := map[int64]bool{}
	for _, key := range source.client.Keys(t.Context(), "*").Val() {
		slot := source.client.ClusterKeySlot(t.Context(), key).Val()
		if done[slot] {
			continue
		}
		done[slot] = true
		source.begin(t, slot, target)
		moved += source.migrate(t, slot, target)
		for _, n := range []*Node{target, source, c.Masters[3-from-to]} {
			n.do(t, "CLUSTER", "SETSLOT", slot, "NODE", target.ID)
		}
	}
	return moved
}

// BeginToMove begins to move the slot of a key, and doesn't come to an end: what
// its master doesn't have is asked for elsewhere.
func (c *Cluster) BeginToMove(t testing.TB, key string) {
	t.Helper()
	slot := c.Masters[0].client.ClusterKeySlot(t.Context(), key).Val()
	at := int(slot) * len(c.Masters) / slots
	c.Masters[at].begin(t, slot, c.Masters[(at+1)%len(c.Masters)])
}

func (n *Node) begin(t testing.TB, slot int64, target *Node) {
	t.Helper()
	target.do(t, "CLUSTER", "SETSLOT", slot, "IMPORTING", n.ID)
	n.do(t, "CLUSTER", "SETSLOT", slot, "MIGRATING", target.ID)
}

// migrate moves the keys of a slot that is on its way.
func (n *Node) migrate(t testing.TB, slot int64, target *Node) (moved int) {
	t.Helper()
	host, port, _ := net.SplitHostPort(target.Addr)
	for {
		keys := n.client.ClusterGetKeysInSlot(t.Context(), int(slot), 100).Val()
		if len(keys) == 0 {
			return moved
		}
		args := []any{"MIGRATE", host, port, "", 0, 5000, "REPLACE", "KEYS"}
		for _, k := range keys {
			args = append(args, k)
		}
		n.do(t, args...)
		moved += len(keys)
	}
}
