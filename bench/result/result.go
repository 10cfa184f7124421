// Package result is what a measurement leaves behind: one JSON file for each
// part and set, so that each can be taken anew on its own.
package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/kindred-match/kindred/bench/rivals"
	"github.com/kindred-match/kindred/bench/turns"
)

// File is what one part found on one set.
type File struct {
	Part    string  `json:"part"`
	Set     string  `json:"set"`
	Machine Machine `json:"machine"`
	// Rounds is how often each query was answered by each contender.
	Rounds  int     `json:"rounds"`
	Seconds float64 `json:"seconds"` // that the part took
	Rows    []Row   `json:"rows"`
}

// Machine is where and of what a measurement was taken.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
	Kernel string `json:"kernel"`
	Commit string `json:"commit"`
	Date   string `json:"date"`
}

// Row is one comparison.
type Row struct {
	// Variant says what is different about this row, X the number that is varied.
	Variant string  `json:"variant,omitempty"`
	X       float64 `json:"x,omitempty"`

	Opportunities   int     `json:"opportunities"`
	OpportunityTags float64 `json:"opportunity_tags_mean"`
	Queries         int     `json:"queries"`
	QueryTags       float64 `json:"query_tags_mean"`
	Postings        float64 `json:"postings_mean"`
	K               int     `json:"k"`
	Measure         string  `json:"measure"`

	Contenders []Contender `json:"contenders"`
	Slowest    []Slow      `json:"slowest,omitempty"`
	Work       *Work       `json:"work,omitempty"`
	Index      *Index      `json:"index,omitempty"`
	// Error says why there are no times.
	Error string `json:"error,omitempty"`
}

// Contender is how one of those that were compared did.
type Contender struct {
	Name string `json:"name"`
	turns.Summary
	NSPerPosting float64 `json:"ns_per_posting"`
	// Agreement is that of a rival's rankings with the exact ones.
	Agreement *rivals.Agreement `json:"agreement,omitempty"`
}

// Slow is one of the ranker's slowest queries, and what is particular about it.
type Slow struct {
	US       float64 `json:"us"`
	PlainUS  float64 `json:"plain_us"`
	Tags     int     `json:"tags"`
	Postings int64   `json:"postings"`
	// Work is what the ranker did for it, where that was counted.
	Work *Work `json:"work,omitempty"`
}

// Work counts what rankings did, per query.
type Work struct {
	Windows  float64 `json:"windows"`  // that were opened
	Sections float64 `json:"sections"` // of them that were
	Cells    float64 `json:"cells"`    // of columns that were added up
	Array    float64 `json:"array"`    // postings that were added up one by one
	Scored   float64 `json:"scored"`   // documents scored from their records
}

// Index is what an index took.
type Index struct {
	BuildSeconds float64 `json:"build_seconds"`
	BytesPerTag  float64 `json:"bytes_per_tag"`
}

// Of finds a contender by name.
func (r *Row) Of(name string) (Contender, bool) {
	at := slices.IndexFunc(r.Contenders, func(c Contender) bool { return c.Name == name })
	if at < 0 {
		return Contender{}, false
	}
	return r.Contenders[at], true
}

// Ratio is how many times as long as b a takes, on the mean, or 0 if one of
// them isn't there.
func (r *Row) Ratio(a, b string) float64 {
	of, to := Contender{}, Contender{}
	of, _ = r.Of(a)
	to, _ = r.Of(b)
	if to.MeanUS == 0 {
		return 0
	}
	return of.MeanUS / to.MeanUS
}

// Write puts f into a folder.
func (f *File) Write(folder string) error {
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, f.Part+"-"+f.Set+".json"), append(text, '\n'), 0o644)
}

// Read reads all files of a folder, by part, then size of the set.
func Read(folder string) ([]File, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	files := make([]File, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &files[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	size := func(f File) int {
		if len(f.Rows) == 0 {
			return 0
		}
		return f.Rows[0].Opportunities
	}
	slices.SortStableFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(size(a), size(b)))
	})
	return files, nil
}
