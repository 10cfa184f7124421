package runfolder

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/internal/staging"
	"github.com/kindred-match/kindred/matcher/place"
)

// Writer writes a run folder. Its first error stays and is Commit's too.
type Writer struct {
	staged *staging.Folder
	err    error
}

// Create starts a run folder, which appears when the writer commits.
// staging.ErrNotEmpty if it is there and holds something.
func Create(dir string) (*Writer, error) {
	staged, err := staging.Create(dir)
	return &Writer{staged: staged}, err
}

// Commit makes the folder appear; after an error nothing is left of it.
func (w *Writer) Commit() error {
	if w.err != nil {
		return errors.Join(w.err, w.staged.Discard())
	}
	return w.staged.Commit()
}

// Discard leaves nothing of the folder.
func (w *Writer) Discard() error { return w.staged.Discard() }

// file writes a file of the folder.
func (w *Writer) file(name string, write func(*bufio.Writer) error) {
	if w.err != nil {
		return
	}
	file, err := w.staged.File(name)
	if err == nil {
		b := bufio.NewWriterSize(file, 1<<16)
		err = errors.Join(cmp.Or(write(b), b.Flush()), file.Close())
	}
	if err != nil {
		w.err = fmt.Errorf("write %s: %w", name, err)
	}
}

// encodeTable writes a table as CSV.
func encodeTable(to io.Writer, header []string, rows func(put func(...string) error) error) error {
	c := csv.NewWriter(to)
	put := func(cells ...string) error { return c.Write(cells) }
	if err := cmp.Or(put(header...), rows(put)); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

// The headers of the CSV files.
var (
	placementsHeader    = []string{"student", "opportunity", "rank", "score"}
	unplacedHeader      = []string{"student", "reason"}
	probabilitiesHeader = []string{"student", "opportunity", "probability"}
	candidatesHeader    = []string{"student", "opportunity", "rank", "weight"}
)

// EncodePlacements writes what placements.csv has; the rows are by student.
func EncodePlacements(to io.Writer, rows []Placed) error {
	return encodeTable(to, placementsHeader, func(put func(...string) error) error {
		for i := range rows {
			r := &rows[i]
			rank := ""
			if r.Rank > 0 {
				rank = strconv.Itoa(int(r.Rank))
			}
			if err := put(r.Student, r.Opportunity, rank, r.Score.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// EncodeUnplaced writes what unplaced.csv has; the rows are by student.
func EncodeUnplaced(to io.Writer, rows []Unplaced) error {
	return encodeTable(to, unplacedHeader, func(put func(...string) error) error {
		for _, r := range rows {
			if err := put(r.Student, string(r.Reason)); err != nil {
				return err
			}
		}
		return nil
	})
}

// EncodeCertificate writes what certificate.json has.
func EncodeCertificate(to io.Writer, c *place.Certificate) error { return encodeJSON(to, "", c) }

// EncodeSummary writes what run.json has.
func EncodeSummary(to io.Writer, s *Summary) error { return encodeJSON(to, " ", s) }

func encodeJSON(to io.Writer, indent string, v any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	return e.Encode(v)
}

// Placements writes placements.csv; the rows are those of a folder, by student.
func (w *Writer) Placements(rows []Placed) {
	w.file(PlacementsFile, func(b *bufio.Writer) error { return EncodePlacements(b, rows) })
}

// Unplaced writes unplaced.csv, whose rows are by student.
func (w *Writer) Unplaced(rows []Unplaced) {
	w.file(UnplacedFile, func(b *bufio.Writer) error { return EncodeUnplaced(b, rows) })
}

// Probabilities writes probabilities.csv, whose rows are by student, the
// largest first.
func (w *Writer) Probabilities(rows []Probability) {
	w.file(ProbabilitiesFile, func(b *bufio.Writer) error {
		return encodeTable(b, probabilitiesHeader, func(put func(...string) error) error {
			for _, r := range rows {
				if err := put(r.Student, r.Opportunity, r.Share.String()); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Certificate writes certificate.json.
func (w *Writer) Certificate(c *place.Certificate) {
	w.file(CertificateFile, func(b *bufio.Writer) error { return EncodeCertificate(b, c) })
}

// Summary writes run.json.
func (w *Writer) Summary(s *Summary) {
	w.file(SummaryFile, func(b *bufio.Writer) error { return EncodeSummary(b, s) })
}

// Content writes a file that is there already.
func (w *Writer) Content(name string, content []byte) {
	w.file(name, func(b *bufio.Writer) error { _, err := b.Write(content); return err })
}

// Report writes the report: the page, the figures as JSON, and its tables.
func (w *Writer) Report(r *page.Report) {
	w.file(ReportFile, func(b *bufio.Writer) error { return r.WriteHTML(b) })
	w.file(ReportDataFile, func(b *bufio.Writer) error { return r.WriteJSON(b) })
	for _, t := range r.Tables() {
		w.file(t.Name, func(b *bufio.Writer) error { return t.Write(b) })
	}
}

// Students writes the page that lists students.
func (w *Writer) Students(s *page.Students) {
	w.file(StudentsFile, func(b *bufio.Writer) error { return s.WriteHTML(b) })
}

// Share is a share in ten-thousandths, shown with 4 decimals.
type Share int32

// ShareOf is the share that some of all are, rounded.
func ShareOf(some, all int) Share { return Share((2e4*int64(some) + int64(all)) / (2 * int64(all))) }

func (s Share) String() string { return fmt.Sprintf("%d.%04d", s/1e4, s%1e4) }

// Micro is a score in millionths, shown with 6 decimals.
type Micro int64

func (m Micro) String() string { return fmt.Sprintf("%d.%06d", m/1e6, m%1e6) }

// WriteCandidates writes the lists of a problem into a file, by student id and
// then in the order of the list, replacing a file that is there.
func WriteCandidates(name string, p *place.Problem) error {
	err := staging.WriteFile(name, func(to io.Writer) error {
		c := csv.NewWriter(to)
		if err := c.Write(candidatesHeader); err != nil {
			return err
		}
		for _, s := range ByID(p.Students) {
			from, end := p.Lists.Of(s)
			for e := from; e < end; e++ {
				err := c.Write([]string{
					p.Students[s], p.Opportunities[p.Lists.Opportunity[e]],
					strconv.Itoa(int(p.Lists.Rank[e])), strconv.Itoa(int(p.Lists.Weight[e])),
				})
				if err != nil {
					return err
				}
			}
		}
		c.Flush()
		return c.Error()
	})
	if err != nil {
		return fmt.Errorf("write the candidates: %w", err)
	}
	return nil
}

// ByID returns the places of ids in the order of their bytes.
func ByID(ids []string) []int32 {
	order := make([]int32, len(ids))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(ids[a], ids[b]) })
	return order
}

// SecondsOf is a duration in seconds, to the microsecond.
func SecondsOf(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }
