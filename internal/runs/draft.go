package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/verification"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/matcher/place/verify"
	"github.com/kindred-match/kindred/store"
)

// The documents of a draft, named as the files of a run folder.
const (
	ReportDocument      = runfolder.ReportFile
	CertificateDocument = runfolder.CertificateFile
)

// Summary is what is said of a run that is complete. It has nothing of a student.
type Summary struct {
	Run json.RawMessage `json:"run"` // as run.json
	// Waived pairs block only because of locks and what had to be kept.
	Waived int64 `json:"waived_pairs"`
	// Cancelled are opportunities that did not reach their minimum.
	Cancelled []string `json:"cancelled"`
	// Sampled is of how many students the check worked out the list by scoring
	// every pair; 0: of all.
	Sampled  int       `json:"sampled"`
	Findings []Finding `json:"findings"`
}

// Figures are run.json.
func (s *Summary) Figures() (*runfolder.Summary, error) {
	f := new(runfolder.Summary)
	return f, json.Unmarshal(s.Run, f)
}

// SummaryOf is the summary of a run that is complete; nil of others.
func SummaryOf(r *store.Run) (*Summary, error) {
	if len(r.Summary) == 0 {
		return nil, nil
	}
	s := new(Summary)
	if err := json.Unmarshal(r.Summary, s); err != nil {
		return nil, fmt.Errorf("%w: its summary: %w", errDamaged, err)
	}
	return s, nil
}

// finish checks the placement, makes the report, and makes the run a draft.
func (w *work) finish(ctx context.Context) error {
	w.at("writing", 0, 0)
	placed, unplaced, err := w.c.Outcome(w.f)
	if err != nil {
		return err
	}
	figures := w.c.Summary(w.f)
	figures.Options.Compare, figures.Options.Seeds = w.options.Compare, w.options.Seeds
	files, err := filesOf(figures, &w.f.Certificate, placed, unplaced)
	if err != nil {
		return err
	}
	sampled, err := w.verify(ctx, files)
	if err != nil {
		return err
	}
	report, err := w.report(ctx, figures)
	if err != nil {
		return err
	}
	summary := Summary{
		Run: files[runfolder.SummaryFile], Waived: w.f.Waived, Cancelled: []string{}, Sampled: sampled,
		Findings: append([]Finding{}, w.findings...),
	}
	for _, o := range w.f.Cancelled {
		summary.Cancelled = append(summary.Cancelled, w.c.Problem.Opportunities[o])
	}
	content, err := json.Marshal(&summary)
	if err != nil {
		return err
	}
	w.at("keeping the draft", 0, 0)
	return w.store.FinishRun(ctx, w.key.District, w.key.ID, store.Draft{
		Finished: w.clock.Now(), Summary: content,
		Documents: []store.Document{
			{Name: ReportDocument, Content: report},
			{Name: CertificateDocument, Content: files[runfolder.CertificateFile]},
		},
		Rows: w.rows(placed, unplaced),
	})
}

// filesOf are the files of a run folder that are checked.
func filesOf(
	s *runfolder.Summary, c *place.Certificate, placed []runfolder.Placed, unplaced []runfolder.Unplaced,
) (map[string][]byte, error) {
	var summary, certificate, placements, rest bytes.Buffer
	err := errors.Join(
		runfolder.EncodeSummary(&summary, s), runfolder.EncodeCertificate(&certificate, c),
		runfolder.EncodePlacements(&placements, placed), runfolder.EncodeUnplaced(&rest, unplaced))
	return map[string][]byte{
		runfolder.SummaryFile: summary.Bytes(), runfolder.CertificateFile: certificate.Bytes(),
		runfolder.PlacementsFile: placements.Bytes(), runfolder.UnplacedFile: rest.Bytes(),
	}, err
}

// verify has other code check the run. Where that would take long, the lists of
// a sample of students are worked out by scoring every pair, and it says of how
// many.
func (w *work) verify(ctx context.Context, files map[string][]byte) (sampled int, err error) {
	run, err := verify.Parse(files)
	if err == nil {
		in := verification.Input(w.in.folder)
		in.Statistics = w.in.checkedBy()
		o := verify.Options{Progress: w.at}
		students, opportunities := len(in.Students), len(in.Opportunities)
		if opportunities > 0 && int64(students) > w.checkedPairs/int64(opportunities) {
			o.Sample = max(1, int(w.checkedPairs/int64(opportunities)))
			o.Lists = verification.Lists(w.c.Problem)
		}
		sampled, err = o.Sample, verify.Check(ctx, in, run, o)
	}
	if violation, ok := errors.AsType[*verify.Violation](err); ok {
		w.log.Error("the check of a run found that it doesn't hold", zap.String("run", w.key.ID), zap.Error(violation))
		return 0, &refusal{"The check of the placement found that it does not hold: " + violation.Error() + ". This is a defect of the program; please report it."}
	}
	return sampled, err
}

// report makes the page.
func (w *work) report(ctx context.Context, figures *runfolder.Summary) ([]byte, error) {
	var compared []page.Compared
	var several *placement.Several
	var err error
	if w.options.Compare {
		if compared, err = w.c.Compare(ctx, w.f); err != nil {
			return nil, err
		}
	}
	if n := w.options.Seeds; n > 0 {
		if several, err = w.c.Seeds(ctx, w.f, n); err != nil {
			return nil, err
		}
	}
	w.at("making the report", 0, 0)
	r := w.c.Report(w.f, figures, compared, several)
	if r.Asked.Seeds, err = w.seeds(ctx); err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := r.WriteHTML(&html); err != nil {
		return nil, err
	}
	return html.Bytes(), nil
}

// seeds are those of all runs of the district up to this one, in their order and
// each once, if there are several.
func (w *work) seeds(ctx context.Context) ([]uint64, error) {
	const atOnce = 1000
	seeds := []uint64{w.options.Seed}
	for before := w.key.ID; ; {
		runs, err := w.store.ListRuns(ctx, w.key.District, before, atOnce)
		if err != nil {
			return nil, err
		}
		for i := range runs {
			o, err := OptionsOf(&runs[i])
			if err != nil {
				return nil, err
			}
			if !slices.Contains(seeds, o.Seed) {
				seeds = append(seeds, o.Seed)
			}
			before = runs[i].ID
		}
		if len(runs) < atOnce {
			break
		}
	}
	if len(seeds) == 1 {
		return nil, nil
	}
	slices.Reverse(seeds)
	return seeds, nil
}

// rows are the outcome by student id.
func (w *work) rows(placed []runfolder.Placed, unplaced []runfolder.Unplaced) iter.Seq[store.RunPlacement] {
	numbers := make(map[string]uint32, len(w.in.numbers)) // the store's, by opportunity
	for row, n := range w.in.numbers {
		numbers[w.in.folder.Opportunities[row].ID] = n
	}
	byID := w.c.ByID()
	return func(yield func(store.RunPlacement) bool) {
		placed, unplaced := placed, unplaced
		for i, s := range byID {
			w.at("keeping the draft", int64(i), int64(len(byID)))
			var row store.RunPlacement
			if w.f.At[s] < 0 {
				row = store.RunPlacement{Student: unplaced[0].Student, Reason: string(unplaced[0].Reason)}
				unplaced = unplaced[1:]
			} else {
				p := &placed[0]
				row = store.RunPlacement{
					Student: p.Student, Opportunity: p.Opportunity, Number: numbers[p.Opportunity],
					Rank: p.Rank, Score: int32(p.Score), Reason: w.f.How[s].String(),
				}
				placed = placed[1:]
			}
			if !yield(row) {
				return
			}
		}
	}
}
