package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
)

func (p *program) generateCommand() *cobra.Command {
	var o generate.Options
	cmd := &cobra.Command{
		Use:   "generate DIR",
		Short: "Invent a district for trials",
		Long: `Writes an invented district, realistic in its skew, as a district folder that is
new or empty. The same options and seed give the same bytes on every machine.`,
		Example: `  kindred generate out/district --students 400 --opportunities 800 --seed 1`,
		Args:    arguments(1, "one folder to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := generate.District(o)
			if err != nil {
				return badInput("--%w", err)
			}
			bar := p.bars.Start("inventing", 0)
			err = v.Write(cmd.Context(), args[0], bar.Set)
			bar.Done()
			if errors.Is(err, district.ErrNotEmpty) {
				return inputError{err}
			} else if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stderr, "%s\n%s: %d students, %d opportunities, %d partners, %d tags\n",
				generate.Notice, args[0], o.Students, o.Opportunities, v.PartnerCount(), len(v.Tags()))
			return err
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Students, "students", 1000, "how many students")
	flags.IntVar(&o.Opportunities, "opportunities", 1000, "how many opportunities")
	flags.Uint64Var(&o.Seed, "seed", 1, "another seed gives another district")
	return cmd
}
