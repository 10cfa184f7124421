package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// TestServedMatchesEqualThoseOfTheFolder takes a real district through import
// and BatchMatch of the real binary.
func TestServedMatchesEqualThoseOfTheFolder(t *testing.T) {
	dir := data(t, "district-nyc")
	s := serve(t, t.TempDir())
	succeed(t, "import", dir, "--server", s.address)
	conn := s.dial(t)
	catalog, match := kindredv1.NewCatalogServiceClient(conn), kindredv1.NewMatchServiceClient(conn)
	for _, idf := range []bool{false, true} {
		changed, err := catalog.UpdateSettings(t.Context(), &kindredv1.UpdateSettingsRequest{
			District: "default", Settings: &kindredv1.Settings{Idf: idf},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"idf"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range matcher.Measures {
			t.Run(fmt.Sprintf("%s,idf=%v", m, idf), func(t *testing.T) {
				want := lines(t, succeed(t, "match", dir, "--output", "jsonl", "--as-of", "2026-09-01",
					"--measure", string(m), fmt.Sprintf("--idf=%v", idf), "--max-per-partner", "2"))
				for chunk := range slices.Chunk(want, 1000) {
					request := &kindredv1.BatchMatchRequest{
						District: "default", AsOf: "2026-09-01", Measure: measures[m], MaxPerPartner: 2, MinEpoch: changed.GetEpoch(),
					}
					for _, l := range chunk {
						request.Items = append(request.Items, &kindredv1.BatchMatchItem{
							Subject: &kindredv1.BatchMatchItem_StudentId{StudentId: l.Student},
						})
					}
					answer, err := match.BatchMatch(t.Context(), request)
					if err != nil {
						t.Fatal(err)
					}
					sameBatch(t, chunk, answer)
				}
			})
		}
	}
}

func sameBatch(t *testing.T, want []line, got *kindredv1.BatchMatchResponse) {
	t.Helper()
	if len(got.GetResults()) != len(want) {
		t.Fatalf("%d results, want %d", len(got.GetResults()), len(want))
	}
	for i, r := range got.GetResults() {
		candidates := r.GetMatch().GetCandidates()
		if r.GetStatus().GetCode() != 0 || len(candidates) != len(want[i].Candidates) {
			t.Fatalf("student %s: status %v and %d candidates, want %d",
				want[i].Student, r.GetStatus(), len(candidates), len(want[i].Candidates))
		}
		for j, c := range candidates {
			w := want[i].Candidates[j]
			if c.GetOpportunity() != w.Opportunity || strconv.FormatInt(c.GetUnits(), 10) != w.Units ||
				int(c.GetRank()) != w.Rank || c.GetScore() != w.Score {
				t.Fatalf("student %s: candidate %v, want %+v", want[i].Student, c, w)
			}
		}
	}
}

func TestImportAndMatchRemotely(t *testing.T) {
	dir := small(t)
	s := serve(t, t.TempDir())
	succeed(t, "import", dir, "--server", s.address, "--district", "lakeside")
	local := succeed(t, "match", dir, "--student", "s1", "--explain", "--output", "jsonl")
	remote := succeed(t, "match", "--server", s.address, "--district", "lakeside", "--student", "s1", "--explain", "--output", "jsonl")
	if local != remote {
		t.Errorf("the server ranks\n%swhere the folder ranks\n%s", remote, local)
	}
	if table := succeed(t, "match", "--server", s.address, "--district", "lakeside", "--student", "s1"); !strings.Contains(table, "Build a robot") {
		t.Errorf("the table lacks the title:\n%s", table)
	}
	for name, args := range map[string][]string{
		"another district": {"match", "--server", s.address, "--student", "s1"},
		"unknown student":  {"match", "--server", s.address, "--district", "lakeside", "--student", "s77"},
		"k over the limit": {"match", "--server", s.address, "--district", "lakeside", "--student", "s1", "--k", "201"},
	} {
		if r := run(t, args...); r.code != exitInput || r.stdout != "" || strings.Contains(r.stderr, "s77") {
			t.Errorf("%s: exit code %d, want %d; standard error: %s", name, r.code, exitInput, r.stderr)
		}
	}
}

func TestReplaceClosesWhatTheFolderLacks(t *testing.T) {
	store := filepath.Join(t.TempDir(), "data")
	succeed(t, "import", small(t), "--data", store)
	succeed(t, "import", folder(t, map[string]string{"opportunities.csv": "opportunity,tags\no2,cad\n"}), "--data", store, "--replace")
	s := serve(t, store)
	for id, want := range map[string]kindredv1.OpportunityStatus{
		"o1": kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_CLOSED,
		"o2": kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_PUBLISHED,
	} {
		o, err := kindredv1.NewCatalogServiceClient(s.dial(t)).GetOpportunity(t.Context(),
			&kindredv1.GetOpportunityRequest{District: "default", Opportunity: id})
		if err != nil {
			t.Fatal(err)
		}
		if o.GetOpportunity().GetStatus() != want {
			t.Errorf("%s is %v, want %v", id, o.GetOpportunity().GetStatus(), want)
		}
	}
}

func TestSecondServerOnADataFolderRefuses(t *testing.T) {
	store := t.TempDir()
	s := serve(t, store)
	r := run(t, "serve", "--data", store, "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
	if r.code != exitMachine || !strings.Contains(r.stderr, strconv.Itoa(s.cmd.Process.Pid)) {
		t.Errorf("exit code %d, want %d with the first one's process id %d:\n%s", r.code, exitMachine, s.cmd.Process.Pid, r.stderr)
	}
}

func TestServerEndsCleanlyOnSIGTERM(t *testing.T) {
	s := serve(t, t.TempDir())
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.gone
	if code := s.cmd.ProcessState.ExitCode(); code != exitDone || !strings.Contains(s.log.String(), `"msg":"stopped"`) {
		t.Errorf("exit code %d, want %d; the log:\n%s", code, exitDone, s.log)
	}
}

func TestServerRefusesToListenBeyondLoopback(t *testing.T) {
	r := run(t, "serve", "--data", t.TempDir(), "--listen", "0.0.0.0:0")
	if r.code != exitInput || !strings.Contains(r.stderr, "--insecure") {
		t.Errorf("exit code %d, want %d with advice:\n%s", r.code, exitInput, r.stderr)
	}
}

// TestKillDuringImport kills the server while it takes an import: the
// catalogue is there all or not at all, and the store opens again.
func TestKillDuringImport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "district")
	succeed(t, "generate", dir, "--students", "3000", "--opportunities", "3000")
	for trial := range 4 {
		store := t.TempDir()
		s := serve(t, store)
		done := make(chan result, 1)
		go func() { done <- run(t, "import", dir, "--server", s.address) }()
		// Each trial waits for more of the write-ahead log before it kills.
		wal := filepath.Join(store, "kindred.db-wal")
		for info, err := os.Stat(wal); err != nil || info.Size() < int64(trial)*400_000; info, err = os.Stat(wal) {
			if len(done) > 0 {
				break
			}
		}
		s.kill()
		<-done
		again := serve(t, store)
		checkWhole(t, again)
		again.kill()
	}
}

func checkWhole(t *testing.T, s *served) {
	t.Helper()
	catalog := kindredv1.NewCatalogServiceClient(s.dial(t))
	count, token := 0, ""
	for {
		page, err := catalog.ListOpportunities(t.Context(), &kindredv1.ListOpportunitiesRequest{
			District: "default", PageSize: 1000, PageToken: token,
		})
		if err != nil && count == 0 {
			return // no district yet
		} else if err != nil {
			t.Fatal(err)
		}
		count += len(page.GetOpportunities())
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if count != 0 && count != 3000 {
		t.Errorf("%d opportunities after the kill, want none or all 3000", count)
	}
}

func TestConfigFile(t *testing.T) {
	store := t.TempDir()
	for content, want := range map[string]string{
		"colour: red\n":         "no flag --colour",
		"listen: [1, 2]\n":      "flags to values",
		"drain-delay: soon\n":   "drain-delay",
		"listen: 0.0.0.0:0\n":   "--insecure",
		"log-level: whatever\n": "log-level",
	} {
		file := filepath.Join(store, "config.yaml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		r := run(t, "serve", "--data", store, "--ops-listen", "127.0.0.1:0", "--config", file)
		if r.code != exitInput || !strings.Contains(r.stderr, want) {
			t.Errorf("config %q: exit code %d, want %d with %q:\n%s", content, r.code, exitInput, want, r.stderr)
		}
	}
}
