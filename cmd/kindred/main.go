// Command kindred places students where their interests are: it ranks
// opportunities for students, explains every score, and serves both over gRPC.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // districts name time zones, and slim images have none

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/progress"
)

// version is set by the linker.
var version = "dev"

// The exit codes.
const (
	exitDone    = 0
	exitNo      = 1 // the answer is no
	exitInput   = 2 // bad input or usage
	exitMachine = 3 // a failure of the machine: disk, network, server
)

// inputError is bad input or usage.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

func badInput(format string, args ...any) error { return inputError{fmt.Errorf(format, args...)} }

// noError says that the answer is no.
type noError struct{ error }

func (e noError) Unwrap() error { return e.error }

// program is the command line as a value, so that tests can run it.
type program struct {
	stdout, stderr io.Writer
	now            func() time.Time
	bars           *progress.Bars
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdout: os.Stdout, stderr: os.Stderr, now: time.Now, bars: progress.On(os.Stderr)}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run carries out a command line and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	p.bars.Stop()
	if err == nil {
		return exitDone
	}
	code := exitCode(err)
	if ctx.Err() != nil && code == exitMachine {
		err = errors.New("interrupted")
	}
	var folder *district.Errors
	if errors.As(err, &folder) {
		p.warn(folder.Warnings)
		fmt.Fprintln(p.stderr, err) // FILE:LINE: COLUMN: the rule, as it is
		return code
	}
	fmt.Fprintf(p.stderr, "kindred: %v\n", err)
	return code
}

func exitCode(err error) int {
	var folder *district.Errors
	var input inputError
	var no noError
	switch {
	case errors.As(err, &no):
		return exitNo
	case errors.As(err, &folder), errors.As(err, &input):
		return exitInput
	default:
		return exitMachine
	}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "kindred",
		Short: "Places students where their interests are",
		Long: `Kindred ranks opportunities for students by weighted tag overlap, explains
every score, and serves matches over gRPC.

Machine output goes to standard output, all else to standard error. Exit codes:
0 done; 1 the answer is no; 2 bad input or usage; 3 a failure of the machine.`,
		Example: `  kindred generate out/district --students 200 --opportunities 500 --seed 1
  kindred match out/district --student s000001 --explain`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return badInput("%w; see '%s --help'", err, cmd.CommandPath())
	})
	root.AddCommand(
		p.matchCommand(), p.placeCommand(), p.verifyCommand(), p.explainCommand(), p.lettersCommand(), p.validateCommand(), p.generateCommand(),
		p.importCommand(), p.runCommand(), p.serveCommand(), p.benchCommand(),
	)
	return root
}

// noCommand is for commands that only have commands of their own.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return badInput("unknown command %q; see '%s --help'", args[0], cmd.CommandPath())
	}
	return nil
}

// arguments makes a wrong number of arguments a usage error.
func arguments(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return badInput("'%s' takes %s; see '%s --help'", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}
