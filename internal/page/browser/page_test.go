// Package browser opens the pages of a run in a real browser.
package browser

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/matcher/place"
)

// report has n opportunities, of which the seats count down.
func report(n int) *page.Report {
	r := &page.Report{
		Asked: page.Asked{Objective: place.Stable, Seed: 1, AsOf: "2026-09-01", Files: map[string]string{"students.csv": "00"}},
		Ranks: []int64{3, 2}, Scores: make([]int64, 20),
		Outcome: page.Outcome{Students: 7, Placed: 5, First: 3, TopThree: 5, MeanRank: 1.4, MeanScore: 0.5, Seats: 9},
		Kinds:   []page.Demand{{Name: "internship", Opportunities: 1, Seats: 9, Listed: 7, First: 5, Placed: 5}},
		Audit: page.Audit{SmallGroup: 10, Names: []page.Name{{Name: "grade", Groups: []page.Group{
			{Value: "9", Funnel: &page.Funnel{Students: 20, Placed: 10, PlacedShare: page.Interval{Low: 0.3, High: 0.7}}}, {Value: "10"},
		}}}},
		Compared: []page.Compared{
			{Objective: place.Stable, Outcome: page.Outcome{Placed: 5, MeanScore: 0.5}},
			{Objective: place.Welfare, Outcome: page.Outcome{Placed: 6, MeanScore: 0.6}},
		},
	}
	for i := range n {
		r.Offered = append(r.Offered, page.Opportunity{
			ID: fmt.Sprintf("o%04d", i), Title: fmt.Sprintf("Workshop <%d>", i), Partner: "Museum", Kind: "internship", Seats: int64(n - i), Minimum: int64(i % 2),
			Placed: int64(i % 3),
		})
	}
	return r
}

// saved writes a page to a file and returns its address.
func saved(t *testing.T, p interface{ WriteHTML(io.Writer) error }) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "page.html")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmp.Or(p.WriteHTML(file), file.Close()); err != nil {
		t.Fatal(err)
	}
	return "file://" + name
}

// browser is a tab of a headless Chromium, with what it asked for and what it
// complained of.
type browser struct {
	context.Context
	mu                   sync.Mutex
	requests, complaints []string
}

func open(t *testing.T) *browser {
	t.Helper()
	var found string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless_shell"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("no browser: install chromium (Debian: apt-get install chromium) to look at the pages in it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.WSURLReadTimeout(2*time.Minute))
	if os.Geteuid() == 0 { // as whom Chromium has no sandbox
		options = append(options, chromedp.NoSandbox)
	}
	started, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(started)
	t.Cleanup(closeTab)
	b := &browser{Context: tab}
	if err := chromedp.Listen(tab, b.heard); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(tab, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(tab, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprint(e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	}
}

// do carries out actions in the tab.
func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		t.Fatal(err)
	}
}

// ask is what an expression of JavaScript says in the tab.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// quiet holds that the tab asked for the page alone, and found nothing wrong.
func (b *browser) quiet(t *testing.T, address string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if others := slices.DeleteFunc(slices.Clone(b.requests), func(r string) bool { return r == address || strings.HasPrefix(r, "data:") }); len(others) > 0 {
		t.Errorf("the page asked for %v", others)
	}
	if !slices.Contains(b.requests, address) {
		t.Errorf("requests aren't seen: %v", b.requests)
	}
	if len(b.complaints) > 0 {
		t.Errorf("the console has %v", b.complaints)
	}
}

// column is the text of the cells of a list's column.
func (b *browser) column(t *testing.T, list string, n int) []string {
	t.Helper()
	return ask[[]string](t, b, fmt.Sprintf(
		`Array.from(document.querySelectorAll('[data-list=%q] tbody tr')).map((row) => row.children[%d].textContent)`, list, n))
}

func TestReport(t *testing.T) {
	b := open(t)
	address := saved(t, report(120))
	const list = `[data-list="opportunities"] `
	b.do(t, chromedp.EmulateViewport(390, 844), chromedp.Navigate(address))

	if first := b.column(t, "opportunities", 0); len(first) != 50 || first[0] != "Workshop <0>" {
		t.Errorf("the first page begins with %v", first)
	}
	if wide := ask[int](t, b, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("on a phone of 390 the page is %d wide", wide)
	}

	b.do(t, chromedp.Click(list+".next"), chromedp.Click(list+".next"))
	if last := b.column(t, "opportunities", 1); len(last) != 20 || last[19] != "o0119" {
		t.Errorf("the third page has %v", last)
	}
	if !ask[bool](t, b, `document.querySelector('`+list+`.next').disabled`) {
		t.Error("there is a page after the last")
	}

	// Seats by the keyboard: the largest first, then the smallest.
	seats := list + "th:nth-child(5) button"
	b.do(t, chromedp.Focus(seats), chromedp.SendKeys(seats, "\r"))
	if largest := b.column(t, "opportunities", 4); largest[0] != "120" || largest[49] != "71" {
		t.Errorf("the largest are %v", largest)
	}
	b.do(t, chromedp.SendKeys(seats, "\r"))
	if smallest := b.column(t, "opportunities", 4); smallest[0] != "1" || smallest[49] != "50" {
		t.Errorf("the smallest are %v", smallest)
	}
	if order := ask[string](t, b, `document.querySelector('`+list+`th:nth-child(5)').getAttribute('aria-sort')`); order != "ascending" {
		t.Errorf("the order is said to be %s", order)
	}

	b.do(t, chromedp.SendKeys(list+"input", "SHOP <11"))
	if found := b.column(t, "opportunities", 0); len(found) != 11 || found[0] != "Workshop <119>" || found[10] != "Workshop <11>" {
		t.Errorf("found are %v", found)
	}
	b.do(t, chromedp.SendKeys(list+"input", "nowhere"))
	if count := ask[string](t, b, `document.querySelector('`+list+`.count').textContent`); count != "Nothing found." {
		t.Errorf("of nothing it says %q", count)
	}
	if under := b.column(t, "under", 0); len(under) != 20 {
		t.Errorf("%d are under their minimum, want 20", len(under))
	}
	b.quiet(t, address)
}

func TestStudents(t *testing.T) {
	b := open(t)
	s := &page.Students{
		Asked: page.Asked{Objective: place.Stable, AsOf: "2026-09-01"}, Opportunities: []string{"Museum", "Garden"}, IDs: []string{"o1", "o2"},
		Unplaced: []page.UnplacedStudent{{Student: "z1", Reason: place.Outcompeted}},
	}
	for i := range 100_000 {
		s.Placed = append(s.Placed, page.PlacedStudent{Student: fmt.Sprintf("s%06d", i), Opportunity: i % 2, Rank: int32(i % 7), Score: 0.25})
	}
	address := saved(t, s)
	b.do(t, chromedp.Navigate(address), chromedp.SendKeys(`[data-list="placements"] input`, "s09999"))
	if found := b.column(t, "placements", 0); len(found) != 10 || found[9] != "s099999" {
		t.Errorf("found are %v", found)
	}
	if titles := b.column(t, "placements", 1); titles[0] != "Museum" || titles[1] != "Garden" {
		t.Errorf("they have %v", titles)
	}
	if reasons := b.column(t, "unplaced", 1); !slices.Equal(reasons, []string{"OUTCOMPETED"}) {
		t.Errorf("reasons are %v", reasons)
	}
	b.quiet(t, address)
}
