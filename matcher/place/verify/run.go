package verify

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// The files of a run folder that are checked.
const (
	summaryFile     = "run.json"
	placementsFile  = "placements.csv"
	unplacedFile    = "unplaced.csv"
	certificateFile = "certificate.json"
)

// The files of a run folder that must be there or not; what they hold is for
// others to check.
const (
	reportFile        = "report.html"
	studentsFile      = "report-students.html"
	probabilitiesFile = "probabilities.csv"
)

// ErrNoRun says that a folder has no run.json and so is no run.
var ErrNoRun = errors.New("there is no run.json in it, so it is not the folder of a run")

// Run is a run folder as it was read.
type Run struct {
	summary     summary
	placements  []placedRow
	unplaced    []unplacedRow
	certificate certificate
}

// Objective is what the run says that it is the best of.
func (r *Run) Objective() string { return r.summary.Objective }

// summary is run.json.
type summary struct {
	Objective     string             `json:"objective"`
	Seed          uint64             `json:"seed"`
	Options       options            `json:"options"`
	Students      int64              `json:"students"`
	Opportunities int64              `json:"opportunities"`
	Seats         int64              `json:"seats"`
	Placed        int64              `json:"placed"`
	Profile       []int64            `json:"profile"`
	TotalRank     int64              `json:"total_rank"`
	TotalScore    int64              `json:"total_score_micro"`
	BlockingPairs int64              `json:"blocking_pairs"`
	InputSHA256   map[string]string  `json:"input_sha256"`
	Seconds       map[string]float64 `json:"seconds"`
}

// options are all that was asked.
type options struct {
	AsOf           string  `json:"as_of"`
	Term           string  `json:"term"`
	Measure        string  `json:"measure"`
	IDF            bool    `json:"idf"`
	AncestorDecay  float64 `json:"ancestor_decay"`
	MaxPerPartner  int     `json:"max_per_partner"`
	Candidates     int     `json:"candidates"`
	Priority       string  `json:"priority"`
	Reserves       string  `json:"reserves"`
	Keep           string  `json:"keep"`
	Fill           bool    `json:"fill"`
	ReverseLottery bool    `json:"reverse_lottery"`

	Strict bool `json:"strict"`

	// These don't shape the placement.
	Input           string `json:"input"`
	Compare         bool   `json:"compare"`
	Seeds           int    `json:"seeds"`
	SmallGroups     int    `json:"small_groups"`
	WithStudents    bool   `json:"with_students"`
	WriteCandidates string `json:"write_candidates"`

	asOf matcher.Date
}

// placedRow is a row of placements.csv.
type placedRow struct {
	student, opportunity, score string
	rank                        int32 // 0: empty
	line                        int
}

// unplacedRow is a row of unplaced.csv.
type unplacedRow struct {
	student, reason string
	line            int
}

// Read reads a run folder. The error is ErrNoRun, a *Violation for content that
// no run has, or a failure to read.
func Read(fsys fs.FS) (*Run, error) {
	r, err := parse(func(name string) ([]byte, error) { return fs.ReadFile(fsys, name) })
	if err != nil {
		return nil, err
	}
	return r, r.summary.checkFiles(fsys)
}

// Parse is Read for the content of the files, by name. Pages and probabilities
// need not be there.
func Parse(files map[string][]byte) (*Run, error) {
	return parse(func(name string) ([]byte, error) {
		content, there := files[name]
		if !there {
			return nil, fs.ErrNotExist
		}
		return content, nil
	})
}

func parse(file func(name string) ([]byte, error)) (*Run, error) {
	r := &Run{}
	content, err := file(summaryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoRun
	}
	if err != nil {
		return nil, err
	}
	if err := r.summary.read(content); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		read func([]byte) error
	}{
		{placementsFile, r.readPlacements},
		{unplacedFile, r.readUnplaced},
		{certificateFile, r.certificate.read},
	} {
		content, err := file(f.name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, violation(f.name, 0, "is missing")
		}
		if err != nil {
			return nil, err
		}
		if err := f.read(content); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// checkFiles checks that the other files are those that the options ask for.
func (s *summary) checkFiles(fsys fs.FS) error {
	for _, f := range []struct {
		name  string
		asked bool
	}{{reportFile, true}, {studentsFile, s.Options.WithStudents}, {probabilitiesFile, s.Options.Seeds > 0}} {
		_, err := fs.Stat(fsys, f.name)
		there := err == nil
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		case there != f.asked && there:
			return violation(f.name, 0, "is there, and the options of %s don't ask for it", summaryFile)
		case there != f.asked:
			return violation(f.name, 0, "is missing")
		}
	}
	return nil
}

// decode reads a JSON object that has the required fields, no unknown ones, and
// nothing behind it. What it says is never the content.
func decode(file string, content []byte, into any, required ...string) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(content, &fields) != nil {
		return violation(file, 0, "is not a JSON object")
	}
	for _, name := range required {
		if value, there := fields[name]; !there || string(value) == "null" {
			return violation(file, 0, "has no %s", name)
		}
	}
	if err := checkNames(file, content); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return violation(file, 0, "%s can't be a JSON %s", bad.Field, bad.Value)
		}
		return violation(file, 0, "has a field that is not known or a value that is out of range")
	}
	return nil
}

// checkNames checks that no object has a field twice, or one that differs from a
// known one by capitals: which of them counts depends on who reads.
func checkNames(file string, content []byte) error {
	type level struct {
		names map[string]bool // of an object; nil: an array
		value bool            // of an object: a value comes next
	}
	var open []level
	for d := json.NewDecoder(bytes.NewReader(content)); ; {
		token, err := d.Token()
		if err != nil { // the end: that it is JSON is known
			return nil
		}
		if last := len(open) - 1; last >= 0 && open[last].names != nil && !open[last].value {
			if name, is := token.(string); is {
				switch {
				case strings.ToLower(name) != name:
					return violation(file, 0, "has a field that is not known")
				case open[last].names[name]:
					return violation(file, 0, "has a field twice")
				}
				open[last].names[name], open[last].value = true, true
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{names: make(map[string]bool)})
			continue
		case json.Delim('['):
			open = append(open, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if last := len(open) - 1; last >= 0 {
			open[last].value = false
		}
	}
}

func (s *summary) read(content []byte) error {
	err := decode(summaryFile, content, s, "objective", "seed", "options", "students", "opportunities", "seats",
		"placed", "profile", "total_rank", "total_score_micro", "blocking_pairs", "input_sha256", "seconds")
	if err != nil {
		return err
	}
	var raw struct{ Options json.RawMessage }
	if json.Unmarshal(content, &raw) != nil {
		return violation(summaryFile, 0, "has options that are no object")
	}
	err = decode(summaryFile, raw.Options, &options{}, "as_of", "term", "measure", "idf", "ancestor_decay",
		"max_per_partner", "candidates", "priority", "reserves", "keep", "fill", "reverse_lottery", "strict",
		"input", "compare", "seeds", "with_students", "write_candidates")
	if err != nil {
		return err
	}
	for _, step := range []string{"read", "rank", "solve", "ties", "verify", "report"} {
		if spent, there := s.Seconds[step]; !there || spent < 0 {
			return violation(summaryFile, 0, "seconds must have %s, not below 0", step)
		}
	}
	return s.checkOptions()
}

// checkOptions checks that the options are such that place takes.
func (s *summary) checkOptions() error {
	o := &s.Options
	day, err := matcher.ParseDate(o.AsOf)
	if err != nil {
		return violation(summaryFile, 0, "as_of %v", err)
	}
	o.asOf = day
	for _, c := range []struct {
		name, value string
		among       []string
	}{
		{"objective", s.Objective, objectives},
		{"measure", o.Measure, []string{"cosine", "dot", "overlap"}},
		{"priority", o.Priority, []string{"lottery", "score"}},
		{"reserves", o.Reserves, []string{"first", "last"}},
		{"keep", o.Keep, []string{"full", "freeze", "no-worse", "min-moves"}},
	} {
		if !slices.Contains(c.among, c.value) {
			return violation(summaryFile, 0, "%s must be one of %s", c.name, strings.Join(c.among, ", "))
		}
	}
	switch {
	case !(o.AncestorDecay >= 0 && o.AncestorDecay <= 1):
		return violation(summaryFile, 0, "ancestor_decay must be a number from 0 to 1")
	case o.Candidates < 1:
		return violation(summaryFile, 0, "candidates must be at least 1")
	case o.MaxPerPartner < 0:
		return violation(summaryFile, 0, "max_per_partner must be at least 0")
	case o.Seeds < 0:
		return violation(summaryFile, 0, "seeds must be at least 0")
	case o.Keep == keepMinMoves && !flows(s.Objective):
		return violation(summaryFile, 0, "keep can't be min-moves with the objective %s", s.Objective)
	}
	return nil
}

// readRows reads a CSV file with a fixed header; each is given a record of as
// many cells, and its line.
func readRows(file string, content []byte, header string, each func(line int, cells []string) error) error {
	r := csv.NewReader(bytes.NewReader(content))
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil || strings.Join(names, ",") != header {
		return violation(file, 1, "the header must be %s", header)
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			return violation(file, bad.Line, "is not CSV of these columns: %v", bad.Err)
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if err := each(line, cells); err != nil {
			return err
		}
	}
}

func (r *Run) readPlacements(content []byte) error {
	before := ""
	return readRows(placementsFile, content, "student,opportunity,rank,score", func(line int, cells []string) error {
		row := placedRow{
			student: strings.Clone(cells[0]), opportunity: strings.Clone(cells[1]),
			score: strings.Clone(cells[3]), line: line,
		}
		if cells[2] != "" {
			rank, err := strconv.ParseInt(cells[2], 10, 32)
			if err != nil || rank < 1 || strconv.FormatInt(rank, 10) != cells[2] {
				return violation(placementsFile, line, "the rank must be empty or an integer from 1")
			}
			row.rank = int32(rank)
		}
		if row.student <= before {
			return violation(placementsFile, line, "rows must be sorted by student, each with one placement at most")
		}
		before = row.student
		r.placements = append(r.placements, row)
		return nil
	})
}

func (r *Run) readUnplaced(content []byte) error {
	before := ""
	return readRows(unplacedFile, content, "student,reason", func(line int, cells []string) error {
		row := unplacedRow{strings.Clone(cells[0]), strings.Clone(cells[1]), line}
		if row.student <= before {
			return violation(unplacedFile, line, "rows must be sorted by student, each once")
		}
		before = row.student
		r.unplaced = append(r.unplaced, row)
		return nil
	})
}

// CheckInput checks that the run is of this input, by the hashes of its files. The
// error is a *Violation.
func (r *Run) CheckInput(in *Input) error {
	s := &r.summary
	for _, name := range slices.Sorted(maps.Keys(in.Hashes)) {
		switch hash, there := s.InputSHA256[name]; {
		case !there:
			return violation(summaryFile, 0, "input_sha256 lacks %s, which the input has", name)
		case hash != in.Hashes[name]:
			return violation(summaryFile, 0, "input_sha256: %s of the input is another file than the run was made of", name)
		}
	}
	if len(s.InputSHA256) != len(in.Hashes) {
		return violation(summaryFile, 0, "input_sha256 names files that the input lacks")
	}
	seats := int64(0)
	for i := range in.Opportunities {
		if in.Opportunities[i].Status == matcher.Published {
			seats += int64(in.Opportunities[i].Seats)
		}
	}
	for _, f := range []struct {
		name      string
		said, are int64
	}{
		{"students", s.Students, int64(len(in.Students))},
		{"opportunities", s.Opportunities, int64(len(in.Opportunities))},
		{"seats", s.Seats, seats},
	} {
		if f.said != f.are {
			return violation(summaryFile, 0, "%s is %d, the input has %d", f.name, f.said, f.are)
		}
	}
	return nil
}

// decimal writes millionths with 6 decimals.
func decimal(micro int32) string { return fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6) }
