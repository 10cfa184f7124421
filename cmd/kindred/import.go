package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/service"
	"github.com/kindred-match/kindred/matcher"
)

// importFlags are the flags of import.
type importFlags struct {
	remoteFlags
	data    string
	replace bool
	strict  bool
}

func (p *program) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import DIR (--server ADDRESS | --data DIR)",
		Short: "Load a district folder into a server or a local store",
		Long: `Reads and checks a district folder, then loads it into a running server, or into
a local store that no server has open. The catalogue is taken all or nothing;
students and the rows about them follow in batches, each all or nothing. What
is there already is written over; --replace also closes the opportunities that
the folder lacks.`,
		Example: `  kindred import out/district --server 127.0.0.1:7550
  kindred import out/district --data out/data --district lakeside --replace`,
		Args: arguments(1, "one district folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (f.server == "") == (f.data == "") {
				return badInput("import needs --server or --data, and not both")
			}
			return p.importFolder(cmd.Context(), args[0], &f)
		},
	}
	f.add(cmd, "", "load into the server at this address")
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "load into the store in this folder")
	flags.BoolVar(&f.replace, "replace", false, "close the opportunities that the folder lacks")
	flags.BoolVar(&f.strict, "strict", false, "a tag that is used but not listed is an error")
	return cmd
}

func (p *program) importFolder(ctx context.Context, dir string, f *importFlags) (err error) {
	read, err := p.readFolder(ctx, dir, district.Options{Strict: f.strict, AsOf: matcher.DateOf(p.now())})
	if err != nil {
		return err
	}
	if f.data != "" {
		return p.withLocalServer(ctx, f.data, nil, func(conn *grpc.ClientConn) error {
			return p.importContent(ctx, conn, read, f)
		})
	}
	conn, err := f.dial()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return p.importContent(ctx, conn, read, f)
}

func (p *program) importContent(ctx context.Context, conn *grpc.ClientConn, read *district.Folder, f *importFlags) error {
	bar := p.bars.Start("importing", 0)
	answer, err := service.Import(ctx, conn, &service.Content{
		Catalogue: matcher.Catalogue{Tags: read.Tags, Partners: read.Partners, Opportunities: read.Opportunities},
		Students:  read.Students,
		Rows:      read.Rows,
	}, service.ImportOptions{
		District: f.district, Replace: f.replace, NewID: uuid.NewString, Progress: bar.Set,
	})
	bar.Done()
	if err != nil {
		return remoteError(err)
	}
	_, err = fmt.Fprintf(p.stderr, "imported %d tags, %d partners, %d opportunities and %d students into district %s; epoch %d\n",
		len(read.Tags), len(read.Partners), len(read.Opportunities), len(read.Students), f.district, answer.GetEpoch())
	return err
}
