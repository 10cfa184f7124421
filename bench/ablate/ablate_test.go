package ablate_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/bench/ablate"
)

func TestBuild(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	const pkg = "./testdata/kernel"
	program := filepath.Join(t.TempDir(), "program")
	kernel := ablate.Change{Folder: "matcher", Function: "Kernel", Insert: "if true { return added }"}
	added := ablate.Added{Path: "matcher/added.go", Text: "package matcher\n\nconst added = \"changed\"\n"}
	if err := ablate.Build(t.Context(), root, program, pkg, nil, []ablate.Change{kernel}, added); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program).Output()
	if err != nil || strings.TrimSpace(string(out)) != "changed" {
		t.Errorf("the program says %q (%v), want changed", out, err)
	}
	gone := ablate.Change{Folder: "matcher", Function: "(*Ranker).Kernel"}
	err = ablate.Build(t.Context(), root, program, pkg, nil, []ablate.Change{gone})
	if err == nil || !strings.Contains(err.Error(), "matcher has no function (*Ranker).Kernel") {
		t.Errorf("a function that is not there: %v", err)
	}
}
