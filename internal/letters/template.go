package letters

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
)

// BuiltIn is the template of letters that nobody has changed.
//
//go:embed letter.tmpl
var BuiltIn string

// Template makes letters.
type Template struct{ template *template.Template }

// functions are what templates have beside those of text/template.
var functions = template.FuncMap{"list": list, "first": first}

// Parse reads a template (text/template) with a Letter as its data, and the
// functions list (a, b and c) and first (the first n of some texts). It also
// writes made-up letters, so that most of what is wrong is found at once. An
// error names the template and the line.
func Parse(name, text string) (*Template, error) {
	parsed, err := template.New(name).Funcs(functions).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	t := &Template{parsed}
	for i := range examples {
		if _, err := t.Text(&examples[i]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Text writes a letter. An error names the template and the line.
func (t *Template) Text(l *Letter) (string, error) {
	var b strings.Builder
	if err := t.template.Execute(&b, l); err != nil {
		return "", err
	}
	return wrap(b.String()), nil
}

// examples are invented: a letter of each shape.
var examples = []Letter{
	{
		Student: "s1", Placed: true, Reason: "PLACED", Opportunity: "o1", Title: "Boats", Partner: "Harbor",
		Kind: "internship", Term: "fall", How: "listed", Choice: 2, Interests: []string{"Sailing", "Wood"},
		List: "preferences", More: 1, Objective: "stable", Seed: 1, Lottery: 2, Students: 3, Date: "2026-09-01",
		Others:  []Other{{Opportunity: "o2", Title: "Maps", Partner: "Atlas", Choice: 1, Reason: "GRADE", Why: "It is for other grades."}},
		Contact: "the office",
	},
	{Student: "s2", Placed: true, Reason: "PLACED", Opportunity: "o1", Title: "Boats", How: "locked", Decision: "A sibling", List: "scores"},
	{Student: "s3", Placed: true, Reason: "PLACED", Opportunity: "o1", Title: "Boats", How: "kept", List: "candidates"},
	{Student: "s4", Placed: true, Reason: "PLACED", Opportunity: "o1", Title: "Boats", How: "filled", List: "candidates"},
	{Student: "s5", Reason: "NO_CANDIDATES", List: "candidates"},
	{Student: "s6", Reason: "ALL_INELIGIBLE", List: "preferences"},
	{Student: "s7", Reason: "OUTCOMPETED", List: "preferences"},
	{Student: "s8", Reason: "TRADEOFF", List: "preferences"},
}

// list is "a", "a and b", "a, b and c".
func list(items []string) string {
	if n := len(items) - 1; n > 0 {
		return strings.Join(items[:n], ", ") + " and " + items[n]
	}
	return strings.Join(items, "")
}

func first(n int, items []string) ([]string, error) {
	if n < 0 {
		return nil, fmt.Errorf("the first %d: must be 0 or more", n)
	}
	return items[:min(n, len(items))], nil
}
