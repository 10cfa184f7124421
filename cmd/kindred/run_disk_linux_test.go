package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// smallDisk is a folder on a file system of its own that holds some MiB.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("kindred", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small disk: a file system can't be mounted (%v); run as root with CAP_SYS_ADMIN", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill leaves only so many bytes of the disk that a folder is on.
func fill(t *testing.T, dir string, leave uint64) string {
	t.Helper()
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	free := disk.Bfree * uint64(disk.Bsize)
	name := filepath.Join(dir, "ballast")
	if err := os.WriteFile(name, make([]byte, free-min(free, leave)), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRunOnAFullDisk fills the disk under a run: it fails and says so, or goes on
// when there is room; and the store can be used, before and after a restart.
func TestRunOnAFullDisk(t *testing.T) {
	x := &trials{data: smallDisk(t, "64m")}
	x.server = serve(t, x.data)
	x.client = kindredv1.NewPlacementServiceClient(x.server.dial(t))
	succeed(t, "import", invented(t, 2000, 150), "--server", x.server.address)
	first := x.create(t, 1)
	watchRun(t, x.client, first)
	want := x.rows(t, first)

	ballast := fill(t, x.data, 200<<10)
	for _, args := range [][]string{{"create", "--wait", "--as-of", "2026-09-01"}, {"publish", first}} {
		r := run(t, append(append([]string{"run"}, args...), "--server", x.server.address)...)
		if r.code != exitNo && r.code != exitMachine || !strings.Contains(r.stderr, "disk is full") {
			t.Errorf("%v on a full disk: exit code %d: %s", args, r.code, r.stderr)
		}
	}
	if x.rows(t, first).text != want.text {
		t.Error("on a full disk other placements are read")
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	second := x.create(t, 1)
	if got := watchRun(t, x.client, second); got.GetState() != kindredv1.RunState_RUN_STATE_DRAFT {
		t.Fatalf("with room again the run is %v: %s", got.GetState(), got.GetFailure())
	}
	x.restart(t)
	remote(t, x.server, "publish", second)
	if !maps.Equal(x.rows(t, "").placed, want.placed) {
		t.Error("other placements stand than the run's")
	}
}
