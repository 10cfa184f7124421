package letters

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTemplates(t *testing.T) {
	built, err := Parse("letter.tmpl", BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	for i := range examples {
		if text, err := built.Text(&examples[i]); err != nil || !strings.HasPrefix(text, "Student "+examples[i].Student+": ") {
			t.Errorf("%q, %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"one\n{{.Student":                     "t:2",
		"{{end}}":                             "t:1",
		"a\nb\n{{.Name}}":                     "t:3",
		"{{if not .Placed}}\n{{.Why}}{{end}}": "t:2",
		"\n\n\n{{nothing}}":                   "t:4",
		"{{if eq .Reason \"TRADEOFF\"}}\n{{first -1 .Interests}}{{end}}": "t:2",
		"{{range .Others}}{{.Grade}}{{end}}":                             "t:1",
	} {
		if _, err := Parse("t", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	own, err := Parse("t", "{{list (first 2 .Interests)}}|{{list .Interests}}|{{list (first 1 .Interests)}}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := own.Text(&Letter{Interests: []string{"a", "b", "c"}}); err != nil || got != "a and b|a, b and c|a\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("x", width+1)
	word := strings.Repeat("é", 35)
	for text, want := range map[string]string{
		"":                               "",
		"\n\n a  b \n\n\n\nc\n\n":        " a b\n\nc\n",
		"a\r\nb\fc\x1b[1m":               "a\nb c [1m\n",
		long + " a " + long:              long + "\na\n" + long + "\n",
		word + " " + word + "b":          word + " " + word + "b\n",
		word + " " + word + "bc":         word + "\n" + word + "bc\n",
		"- " + word + " " + word + "b":   "- " + word + "\n  " + word + "b\n",
		"  - " + word + " " + word + "b": "  - " + word + "\n    " + word + "b\n",
	} {
		if got := wrap(text); got != want {
			t.Errorf("%q becomes\n%q, want\n%q", text, got, want)
		}
	}
}

// Wrapping keeps the words, holds the width, and leaves what it made as it is.
func TestWrapKeepsWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			"a", "-", "\n", " ", "\t", "\f", "größe", "community", strings.Repeat("w", 80), strings.Repeat("é", 30),
		})).Draw(t, "text"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		got := wrap(text)
		if want := strings.FieldsFunc(text, separates); !slices.Equal(strings.FieldsFunc(got, separates), want) {
			t.Fatalf("%q has other words", got)
		}
		for l := range strings.Lines(got) {
			l = strings.TrimSuffix(l, "\n")
			indented := strings.TrimLeft(l, " ")
			if utf8.RuneCountInString(l) > width && strings.ContainsRune(strings.TrimPrefix(indented, "- "), ' ') {
				t.Fatalf("a line of %d: %q", utf8.RuneCountInString(l), l)
			}
		}
	})
}

func TestNames(t *testing.T) {
	ids := []string{"s1", "S2", "s2", "a.b", "../x", "a/b", "a_b", "CON", "con.x", "lpt1", ".h", "é", strings.Repeat("x", 128), "a b", "-"}
	names := Names(ids)
	if names[0] != "s1.txt" || names[3] != "a.b.txt" || names[6] != "a_b.txt" {
		t.Errorf("plain ids: %q", names)
	}
	for i, name := range names {
		if len(name) > 130 || strings.ContainsAny(name, `/\: `) || name[0] == '.' || reserved(name) {
			t.Errorf("%q is not safe", name)
		}
		for _, other := range names[:i] {
			if strings.EqualFold(name, other) {
				t.Errorf("%q and %q are one file where case doesn't count", name, other)
			}
		}
	}
}

func TestTextsOfFoldersStayOnALine(t *testing.T) {
	if got := line(" Boats\n\f and\x1b[2J\u2028maps\u0085 "); got != "Boats and [2J maps" {
		t.Errorf("%q", got)
	}
}
