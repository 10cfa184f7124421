// Package progress draws a progress bar on a terminal for work that takes over
// a second, and nothing anywhere else.
package progress

import (
	"io"
	"os"
	"sync"
	"time"

	pretty "github.com/jedib0t/go-pretty/v6/progress"
	"github.com/mattn/go-isatty"
)

// delay is how long work goes on unseen.
const delay = time.Second

// Bars draws the bars of one command.
type Bars struct {
	out     io.Writer
	enabled bool
	mu      sync.Mutex
	writer  pretty.Writer
}

// On draws on w if that is a terminal.
func On(w io.Writer) *Bars {
	f, ok := w.(*os.File)
	return &Bars{out: w, enabled: ok && isatty.IsTerminal(f.Fd())}
}

// Bar is the progress of one piece of work. A nil Bar does nothing.
type Bar struct {
	bars    *Bars
	tracker *pretty.Tracker
	timer   *time.Timer
}

// Start begins a bar; a total of 0 is not known yet.
func (b *Bars) Start(title string, total int64) *Bar {
	if !b.enabled {
		return nil
	}
	bar := &Bar{bars: b, tracker: &pretty.Tracker{Message: title, Total: total}}
	bar.timer = time.AfterFunc(delay, func() { b.show(bar.tracker) })
	return bar
}

func (b *Bars) show(t *pretty.Tracker) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.IsDone() {
		return
	}
	if b.writer == nil {
		w := pretty.NewWriter()
		w.SetOutputWriter(b.out)
		w.SetAutoStop(false)
		w.SetUpdateFrequency(100 * time.Millisecond)
		w.SetStyle(pretty.StyleBlocks)
		w.Style().Visibility.ETA = true
		w.Style().Visibility.Speed = true
		b.writer = w
		go w.Render()
	}
	b.writer.AppendTracker(t)
}

// Set says how much is done, of how much.
func (b *Bar) Set(done, total int64) {
	if b == nil {
		return
	}
	if b.tracker.Total != total {
		b.tracker.UpdateTotal(total)
	}
	b.tracker.SetValue(done)
}

// Add says that so much more is done.
func (b *Bar) Add(n int64) {
	if b != nil {
		b.tracker.Increment(n)
	}
}

// Done ends the bar.
func (b *Bar) Done() {
	if b == nil {
		return
	}
	b.timer.Stop()
	b.tracker.MarkAsDone()
}

// Stop ends all drawing, so that something else may be written.
func (b *Bars) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.writer != nil {
		b.writer.Stop()
		for b.writer.IsRenderInProgress() {
			time.Sleep(time.Millisecond) // the library offers no other way to wait
		}
		b.writer = nil
	}
}
