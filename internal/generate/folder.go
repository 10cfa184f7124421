package generate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Notice says what an invented district is.
const Notice = "This district is invented: no student, partner, opportunity or place in it is real."

// readmeName is the file that says so in a folder. Reading the folder passes
// over it.
const readmeName = "README.txt"

// Folder is the district in memory.
func (v *Invented) Folder() *district.Folder {
	return &district.Folder{
		Tags:     slices.Clone(v.Tags()),
		Partners: slices.AppendSeq(make([]matcher.Partner, 0, v.PartnerCount()), v.Partners()),
		Opportunities: slices.AppendSeq(
			make([]matcher.Opportunity, 0, v.options.Opportunities), v.Opportunities()),
		Students: slices.AppendSeq(make([]matcher.Student, 0, v.options.Students), v.Students()),
		Rows: store.Rows{
			Preferences: slices.Collect(v.Preferences()),
			Reserves:    slices.Collect(v.Reserves()),
			Priorities:  slices.Collect(v.Priorities()),
		},
	}
}

// Write writes the district as a folder, row by row, with a README.txt that
// says that it is invented. The folder dir appears complete or not at all;
// district.ErrNotEmpty if it is there and holds something. Other errors are
// of writing, or the context's. Progress, if given, is told how much has been
// done of how much.
func (v *Invented) Write(ctx context.Context, dir string, progress func(done, total int64)) error {
	w, err := district.Create(dir, district.CSV)
	if err != nil {
		return err
	}
	if err := v.writeRows(ctx, w, progress); err != nil {
		return errors.Join(err, w.Abort())
	}
	if err := w.Close(); err != nil {
		return err
	}
	readme := fmt.Sprintf("%s\n\nIt was made by:\n\n    kindred generate DIR --students %d --opportunities %d --seed %d\n",
		Notice, v.options.Students, v.options.Opportunities, v.options.Seed)
	return os.WriteFile(filepath.Join(dir, readmeName), []byte(readme), 0o666)
}

func (v *Invented) writeRows(ctx context.Context, w *district.Writer, progress func(done, total int64)) error {
	stages := []struct {
		rows  int
		write func(i int) error
	}{
		{len(v.Tags()), func(i int) error { return w.Tag(&v.Tags()[i]) }},
		{v.PartnerCount(), func(i int) error { p := v.Partner(i); return w.Partner(&p) }},
		{v.options.Opportunities, func(i int) error { o := v.Opportunity(i); return w.Opportunity(&o) }},
		{v.options.Students, func(i int) error { s := v.Student(i); return w.Student(&s) }},
		{v.options.Students, func(i int) error { return all(v.preferences(i), w.Preference) }},
		{v.options.Opportunities, func(i int) error { return all(v.reserves(i), w.Reserve) }},
		{v.options.Opportunities, func(i int) error { return all(v.priorities(i), w.Priority) }},
	}
	var done, total int64
	for _, s := range stages {
		total += int64(s.rows)
	}
	for _, s := range stages {
		for i := range s.rows {
			if done%1024 == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if progress != nil {
					progress(done, total)
				}
			}
			if err := s.write(i); err != nil {
				return err
			}
			done++
		}
	}
	return nil
}

func all[T any](rows []T, write func(T) error) error {
	for _, row := range rows {
		if err := write(row); err != nil {
			return err
		}
	}
	return nil
}
