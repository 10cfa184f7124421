package candidates_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

// keepsAndErases fails unless values are kept, read and erased.
func (s *shared) keepsAndErases(t *testing.T, student byte) {
	t.Helper()
	k := keyOf(student, 1)
	s.put(t, k, valueAt(1))
	s.Erase(t.Context(), k.Student)
	if s.Get(t.Context(), k) != nil || s.Counts.Erased.Load() == 0 {
		t.Error("the student was not erased")
	}
}

func TestRedisWithTLS(t *testing.T) {
	server, another := redistest.StartTLS(t), redistest.StartTLS(t)
	trusting := func(ca string, certificates ...tls.Certificate) *tls.Config {
		text, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		c := &tls.Config{RootCAs: x509.NewCertPool(), Certificates: certificates, MinVersion: tls.VersionTLS12}
		c.RootCAs.AppendCertsFromPEM(text)
		return c
	}
	certificate, err := tls.LoadX509KeyPair(server.Cert, server.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*tls.Config{
		"the machine's authorities": nil,
		"another authority":         trusting(another.CA, certificate),
		"no certificate":            trusting(server.CA),
	} {
		s := shareWith(t, candidates.RedisOptions{URL: server.URL(), Budget: patient, TLS: c})
		if first := <-s.changed; first {
			t.Errorf("%s: it works", name)
		}
	}
	s := shareWith(t, candidates.RedisOptions{URL: server.URL(), Budget: patient, TLS: trusting(server.CA, certificate)})
	s.await(t, true)
	s.keepsAndErases(t, 1)
}

// rules are the lines of docs/redis.md that make a user of Redis.
func rules(t *testing.T, mode string) []any {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "\n"+mode+":\n")
	_, line, found := strings.Cut(text2, "\n    user ")
	line, _, _ = strings.Cut(line, "\n")
	if !found {
		t.Fatalf("docs/redis.md has no user for %s", mode)
	}
	var all []any
	for rule := range strings.FieldsSeq(line) {
		all = append(all, rule)
	}
	return all
}

// grant makes the user of docs/redis.md on servers.
func grant(t *testing.T, mode string, servers ...*redistest.Server) {
	t.Helper()
	for _, server := range servers {
		args := append([]any{"ACL", "SETUSER"}, rules(t, mode)...)
		if err := server.Client(t).Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClusterUser also asks for what is on its way from one master to another.
func TestClusterUser(t *testing.T) {
	t.Parallel() // most of it is waiting
	cluster := redistest.StartCluster(t)
	for _, n := range slices.Concat(cluster.Masters, cluster.Replicas) {
		grant(t, "A cluster", n.Server)
	}
	s := share(t, strings.Replace(cluster.URL(), "://", "://kindred:secret@", 1), patient)
	s.await(t, true)
	for i := range byte(10) {
		s.keepsAndErases(t, i)
	}
	moving := keyOf(20, 1)
	cluster.BeginToMove(t, "kindred:sets:"+string(moving.Student[:]))
	s.keepsAndErases(t, 20)
	if got := s.GetMany(t.Context(), []candidates.Key{moving, keyOf(21, 1)}); got[0] != nil || !s.Working() {
		t.Error("a batch fails while a slot moves")
	}
}

// TestSentinelFailsOver has a master die that Sentinel watches, and is asked
// about it as the users of docs/redis.md.
func TestSentinelFailsOver(t *testing.T) {
	t.Parallel() // most of it is waiting
	w := redistest.StartWatched(t)
	grant(t, "One server", w.Master, w.Replica)
	grant(t, "Sentinel", w.Sentinels...)
	url := strings.Replace(w.URL(), "://", "://kindred:secret@", 1) + "&username=kindred&password=secret"
	s := share(t, url, patient)
	s.await(t, true)
	s.keepsAndErases(t, 1)
	w.Master.Kill()
	s.await(t, false)
	s.await(t, true)
	s.keepsAndErases(t, 2)
	if role := w.Replica.Client(t).Do(t.Context(), "ROLE").Val().([]any)[0]; role != "master" {
		t.Errorf("the replica is still a %v", role)
	}
}

func TestRedisUser(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	user := rules(t, "One server")
	url := "redis://kindred:secret@" + server.Addr
	as := func(rules []any) {
		t.Helper()
		if err := admin.Do(t.Context(), append([]any{"ACL", "SETUSER"}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	as(user)
	s := share(t, url, patient)
	s.await(t, true)
	s.keepsAndErases(t, 1)
	for i, rule := range user {
		if !strings.HasPrefix(rule.(string), "+") {
			continue
		}
		without := slices.Concat(user[:1:1], []any{"reset"}, user[1:i], user[i+1:])
		as(without)
		s := share(t, url, patient)
		if !<-s.changed {
			continue // it doesn't work without
		}
		s.Put(keyOf(byte(i), 1), valueAt(1))
		s.Erase(t.Context(), keyOf(byte(i), 1).Student)
		if len(s.refused) == 0 {
			t.Errorf("the user needn't have %v", rule)
		}
	}
	as([]any{"default", "off"}) // who is nobody may do nothing
	as(append([]any{user[0], "reset"}, user[1:]...))
	s = share(t, url, patient)
	s.await(t, true)
	s.keepsAndErases(t, 2)
	s = share(t, strings.Replace(url, "secret", "wrong", 1), patient)
	if <-s.changed {
		t.Error("it works with another password")
	}
}
