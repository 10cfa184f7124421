package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/matcher/place"
)

// why asks a run about a student, and an opportunity if it isn't empty.
func why(t *testing.T, out, student, opportunity string) placement.Explanation {
	t.Helper()
	args := []string{"explain", out, "--student", student, "--output", "json"}
	if opportunity != "" {
		args = append(args, "--opportunity", opportunity)
	}
	var e placement.Explanation
	if err := json.Unmarshal([]byte(succeed(t, args...)), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// answers holds that the answers of an explanation begin with these codes, and
// have these words.
func answers(t *testing.T, e *placement.Explanation, want ...[3]string) {
	t.Helper()
	if len(e.List) != len(want) {
		t.Fatalf("%s has %d answers, want %d: %+v", e.Student, len(e.List), len(want), e.List)
	}
	for i, w := range want {
		if a := &e.List[i]; a.Opportunity != w[0] || a.Reason != w[1] || !strings.Contains(a.Text, w[2]) {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", e.Student, a.Opportunity, a.Reason, a.Text, w[0], w[1], w[2])
		}
	}
}

func TestExplainRunStable(t *testing.T) {
	dir := folder(t, map[string]string{
		"partners.csv": "partner,name,max_seats\np,Harbor,1\n",
		"opportunities.csv": "opportunity,partner,title,seats,min_seats,min_policy,grades\n" +
			"a,,Boats,1,,,\nb,p,,1,,,\nc,p,,1,,,\nd,,,5,3,cancel,\ne,,,5,,,12\nf,,,1,,,\ng,,,1,,,\n",
		"students.csv": "student,grade\ns1,9\ns2,9\ns3,9\ns4,9\ns5,9\ns6,9\n",
		"preferences.csv": "student,opportunity,rank\n" +
			"s1,a,1\ns1,b,2\ns2,e,1\ns2,d,2\ns2,a,3\ns2,b,4\ns3,c,1\ns4,a,1\ns5,f,1\n",
		"priorities.csv": "opportunity,student,tier\na,s1,1\na,s2,2\nb,s3,1\nc,s3,1\n",
		"locks.csv":      "student,opportunity,action,reason\ns6,f,place,Sibling is there\n",
	})
	out, _ := placed(t, dir)
	first := why(t, out, "s1", "")
	answers(t, &first, [3]string{"a", "PLACED", "choice 1"}, [3]string{"b", "PLACED_HIGHER", ""})
	if first.Reason != place.Placed || first.How != "listed" || first.Opportunity != "a" || first.Lottery < 1 || first.Lottery > 6 {
		t.Errorf("%+v", first)
	}
	second := why(t, out, "s2", "")
	answers(t, &second, [3]string{"e", "GRADE", "other grades"}, [3]string{"d", "CANCELLED_MIN", "needs at least 3 students, and 1 would have come"},
		[3]string{"a", "BELOW_CUTOFF", "the last one taken is of priority 1, this one is of priority 2"},
		[3]string{"b", "PARTNER_FULL", "no more than 1 student"})
	if second.Reason != place.Outcompeted || second.List[0].Rank != 1 || second.List[2].Cutoff.Tier != 1 {
		t.Errorf("%+v", second)
	}
	fifth := why(t, out, "s5", "")
	answers(t, &fifth, [3]string{"f", "LOCKED_OUT", "settled before that its seats are kept for others"})
	more := why(t, out, "s2", "a")
	answers(t, &more, [3]string{"a", "BELOW_CUTOFF", "With one more seat here, the student would have it."})
	if m := more.List[0].OneMoreSeat; m == nil || m.Opportunity != "a" || m.Placed != 1 || m.Moved != 1 {
		t.Errorf("one more seat: %+v", m)
	}
	none := why(t, out, "s4", "a")
	answers(t, &none, [3]string{"a", "BELOW_CUTOFF", "the student would still have no place, and the placement of 1 other student would change."})
	locked := why(t, out, "s6", "")
	answers(t, &locked, [3]string{"f", "PLACED", "Sibling is there"})
	if locked.How != "locked" || locked.List[0].Rank != 0 {
		t.Errorf("%+v", locked)
	}
	one := why(t, out, "s4", "g")
	answers(t, &one, [3]string{"g", "NOT_LISTED", "did not ask"})
	text := succeed(t, "explain", out, "--student", "s2")
	for _, want := range []string{"Student s2: Not placed", "Objective stable: nobody", "Boats", "CANCELLED_MIN"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

func TestExplainRunFlow(t *testing.T) {
	dir := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats\na,1\nb,1\n",
		"students.csv":      "student\ns1\ns2\ns3\n",
		"scores.csv":        "student,opportunity,score\ns1,a,0.9\ns1,b,0.2\ns2,a,0.5\ns2,b,0.4\ns3,b,0.3\n",
	})
	out, got := placed(t, dir, "--objective", "welfare")
	if got.Summary.TotalScoreMicro != 1300000 {
		t.Fatalf("%+v", got.Summary)
	}
	second, third := why(t, out, "s2", ""), why(t, out, "s3", "b")
	answers(t, &second, [3]string{"a", "TRADEOFF", "0.500000 less"}, [3]string{"b", "PLACED", ""})
	answers(t, &third, [3]string{"b", "TRADEOFF", "0.100000 less"})
	if text := third.List[0].Text; !strings.Contains(text, "With one more seat here, the student would have it.") {
		t.Errorf("one more seat: %q", text)
	}
	if third.Reason != place.Tradeoff || len(third.List[0].Losses) != 1 || third.List[0].Losses[0].Loss != 100000 {
		t.Errorf("%+v", third)
	}
}

func TestExplainRunRefuses(t *testing.T) {
	dir := small(t)
	out, _ := placed(t, dir)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if got := succeed(t, "explain", out, "--student", "s1", "--input", moved); !strings.Contains(got, "Student s1: Placed") {
		t.Errorf("with the folder that was moved: %s", got)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"gone":        {[]string{"--student", "s1"}, "name it with --input"},
		"another":     {[]string{"--student", "s1", "--input", crowded(t)}, "not as it was"},
		"student":     {[]string{"--student", "s9", "--input", moved}, "no such student"},
		"opportunity": {[]string{"--student", "s1", "--opportunity", "o9", "--input", moved}, `no opportunity "o9"`},
		"nobody":      {[]string{"--input", moved}, "needs --student"},
		"options":     {[]string{"--student", "s1", "--idf", "--input", moved}, "--idf: a run has options of its own"},
		"format":      {[]string{"--student", "s1", "--output", "csv"}, "table or json"},
	} {
		if r := run(t, append([]string{"explain", out}, c.args...)...); r.code != exitInput || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s: exit code %d, standard error wants %q:\n%s", name, r.code, c.want, r.stderr)
		}
	}
	if r := run(t, "explain", moved, "--student", "s1", "--opportunity", "o1", "--input", moved); r.code != exitInput {
		t.Errorf("--input of a district folder: exit code %d", r.code)
	}
	for file, content := range map[string]string{
		"placements.csv": "student,opportunity,rank,score\ns1,o1,2,1.000000\n",
		"unplaced.csv":   "student,reason\ns9,OUTCOMPETED\n",
		"run.json":       "{}",
	} {
		name := filepath.Join(out, file)
		whole := readFile(t, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := run(t, "explain", out, "--student", "s1", "--input", moved); r.code != exitInput || strings.Contains(r.stderr, "s9") {
			t.Errorf("another %s: exit code %d: %s", file, r.code, r.stderr)
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
