package service

import (
	"context"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// ErrUnauthenticated refuses a caller whom the server doesn't know.
var ErrUnauthenticated = refuse(reasonUnauthenticated, "")

// ErrDraining refuses a call because the server is stopping.
var ErrDraining = errDraining

// Status is the error that a caller gets for err: a status of gRPC with its
// reason. It is for interceptors, whose errors no service turns into one.
func Status(ctx context.Context, err error) error { return statusOf(ctx, err).Err() }

// notEligible is the error for a pair that fails rules of eligibility: it lists
// their codes.
func notEligible(failed []matcher.Code) error {
	names, reasons := make([]string, len(failed)), make([]string, len(failed))
	for i, code := range failed {
		names[i], reasons[i] = string(code), code.Reason()
	}
	return &failure{
		reason:  reasonNotEligible,
		message: "the opportunity is not eligible for the student: " + strings.Join(reasons, "; "),
		codes:   strings.Join(names, ","),
	}
}
