package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/bench/plot"
)

// texts reads an SVG and returns what stands in each kind of element.
func texts(t *testing.T, svg []byte) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	at := ""
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("the SVG is no XML: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			at = x.Name.Local
			found[at] = append(found[at], "")
		case xml.CharData:
			if list := found[at]; len(list) > 0 {
				list[len(list)-1] += strings.TrimSpace(string(x))
			}
		case xml.EndElement:
			at = ""
		}
	}
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

func TestLines(t *testing.T) {
	c := plot.Lines{
		Title: "Time & size", Description: "Both grow.",
		X: plot.Axis{Label: "opportunities", Log: true}, Y: plot.Axis{Label: "time, us", Log: true},
		Series: []plot.Series{
			{Name: "a < b", Points: []plot.Point{{X: 1e4, Y: 10}, {X: 1e6, Y: 1000}}},
			{Name: "c", Points: []plot.Point{{X: 1e4, Y: 20}}},
		},
	}
	found := texts(t, c.SVG())
	for _, want := range []string{"opportunities", "time, us", "a < b", "c", "10k", "100k", "1M", "10", "1000"} {
		if !contains(found["text"], want) {
			t.Errorf("there is no %q among %q", want, found["text"])
		}
	}
	if !contains(found["title"], "Time & size") || !contains(found["desc"], "Both grow.") {
		t.Errorf("the text alternative is %q, %q", found["title"], found["desc"])
	}
	if len(found["circle"]) != 3 {
		t.Errorf("%d points, want 3", len(found["circle"]))
	}
}

func TestBars(t *testing.T) {
	c := plot.Bars{Title: "T", Description: "D", Label: "us", Bars: []plot.Bar{{Name: "one", Value: 123.4}, {Name: "two"}}}
	found := texts(t, c.SVG())
	for _, want := range []string{"one", "123", "two", "0", "us"} {
		if !contains(found["text"], want) {
			t.Errorf("there is no %q among %q", want, found["text"])
		}
	}
}

func TestEmpty(t *testing.T) {
	texts(t, (&plot.Lines{Title: "nothing"}).SVG())
	texts(t, (&plot.Bars{Title: "nothing"}).SVG())
}
