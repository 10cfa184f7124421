package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/letters"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/staging"
)

// lettersFlags are the flags of letters.
type lettersFlags struct {
	input, out, student, template, contact string
	others                                 int
	printTemplate                          bool
}

func (p *program) lettersCommand() *cobra.Command {
	var f lettersFlags
	cmd := &cobra.Command{
		Use:   "letters RUN",
		Short: "Write a short text per student of a run",
		Long: `Writes for every student of the run folder RUN, which 'kindred place' writes,
where the student is placed and why, what else was considered and why not, or
why there is no place, and whom to ask: to standard output by student id, with a
form feed between two, or with --out into a folder, a file for each.

The words are those of a template (Go's text/template) that can be changed: print
it, edit it, and name it with --template. Each line of what it makes is wrapped
at 72 characters on its own.`,
		Example: `  kindred letters out/run --student s000001
  kindred letters out/run --out out/letters --contact 'Ms. Diaz, room 12'
  kindred letters --print-template > letter.tmpl
  kindred letters out/run --template letter.tmpl --out out/letters`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.printTemplate {
				return arguments(0, "no run folder with --print-template")(cmd, args)
			}
			return arguments(1, "one run folder")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.printTemplate {
				_, err := io.WriteString(p.stdout, letters.BuiltIn)
				return err
			}
			return p.letters(cmd.Context(), args[0], &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.input, "input", "", "the district folder of the run, where that is no longer where it was")
	flags.StringVar(&f.out, "out", "", "the folder to write, new or empty; without it, to standard output")
	flags.StringVar(&f.student, "student", "", "only this student's")
	flags.StringVar(&f.template, "template", "", "the template to use, a file")
	flags.BoolVar(&f.printTemplate, "print-template", false, "print the template that is used without --template")
	flags.StringVar(&f.contact, "contact", "the placement coordinator of your district", "whom to ask")
	flags.IntVar(&f.others, "others", 3, "how many opportunities that a student did not get are told at most")
	return cmd
}

func (p *program) letters(ctx context.Context, dir string, f *lettersFlags) error {
	if f.others < 0 {
		return badInput("--others must be at least 0")
	}
	template, err := letterTemplate(f.template)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := staging.Empty(f.out); errors.Is(err, staging.ErrNotEmpty) {
			return badInput("--out: %w", err)
		} else if err != nil {
			return err
		}
	}
	if !runfolder.Is(dir) {
		return badInput("%s is no run folder: it has no %s", dir, runfolder.SummaryFile)
	}
	c, placed, err := p.placedRun(ctx, dir, f.input)
	if err != nil {
		return err
	}
	students := c.ByID()
	ids := make([]string, len(students))
	for i, s := range students {
		ids[i] = c.Problem.Students[s]
	}
	m := &mailing{
		program: p, students: students, names: letters.Names(ids), template: template,
		run: &letters.Run{Students: len(students), Contact: f.contact, Tags: c.Tags},
	}
	if f.student != "" {
		at, found := slices.BinarySearch(ids, f.student)
		if !found {
			return badInput("--student: the run has no such student")
		}
		m.students, m.names = students[at:at+1], m.names[at:at+1]
	}
	if m.briefs, err = c.Briefs(placed, f.others); err != nil {
		return err
	}
	if f.out != "" {
		return m.intoFolder(ctx, f.out)
	}
	return m.print(ctx)
}

// letterTemplate reads a template, which nothing names: the one built in.
func letterTemplate(name string) (*letters.Template, error) {
	if name == "" {
		return letters.Parse("letter.tmpl", letters.BuiltIn)
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, badInput("--template: there is no file %s", name)
	} else if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, badInput("--template: %s must be UTF-8", name)
	}
	t, err := letters.Parse(name, string(text))
	if err != nil {
		return nil, badInput("--template: %w", err)
	}
	return t, nil
}

// mailing writes the letters of a run.
type mailing struct {
	*program
	run      *letters.Run
	briefs   *placement.Briefs
	template *letters.Template
	students []int32  // by id
	names    []string // of their files
}

// each makes the letters one by one.
func (m *mailing) each(ctx context.Context, yield func(i int, text string) error) error {
	bar := m.bars.Start("writing letters", int64(len(m.students)))
	defer bar.Done()
	for i, s := range m.students {
		brief, err := m.briefs.Of(ctx, s)
		if err != nil {
			return err
		}
		text, err := m.template.Text(m.run.Letter(brief))
		if err != nil {
			return badInput("--template: %w", err)
		}
		if err := yield(i, text); err != nil {
			return err
		}
		bar.Add(1)
	}
	return nil
}

// print writes all letters, or none, to standard output.
func (m *mailing) print(ctx context.Context) error {
	var all bytes.Buffer
	err := m.each(ctx, func(i int, text string) error {
		if i > 0 {
			all.WriteByte('\f')
		}
		all.WriteString(text)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = all.WriteTo(m.stdout)
	return err
}

// intoFolder writes a file for each letter.
func (m *mailing) intoFolder(ctx context.Context, dir string) error {
	folder, err := staging.Create(dir)
	if err != nil {
		return err
	}
	err = m.each(ctx, func(i int, text string) error {
		file, err := folder.File(m.names[i])
		if err != nil {
			return err
		}
		_, err = io.WriteString(file, text)
		return errors.Join(err, file.Close())
	})
	if err != nil {
		return errors.Join(err, folder.Discard())
	}
	if err := folder.Commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(m.stderr, "%d letters in %s\n", len(m.students), dir)
	return err
}
